import { TraceReceiver } from './trace.receiver.js';

const port = Number(process.argv[2]);
if (!Number.isInteger(port) || port < 1) {
  console.error('Usage: node tools/traces/dist/main.js <port>');
  process.exit(2);
}
const receiver = await TraceReceiver.start(port);
console.log(`Takes traces at ${receiver.url}/v1/traces and shows them at ${receiver.url}/`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void receiver.close());
