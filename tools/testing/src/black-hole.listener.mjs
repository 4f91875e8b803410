// Listens and never accepts, for `BlackHole`: prints its port, then stops for good, except to see whether the process
// named as its argument is still its parent. Plain JavaScript: it has to run as it stands, without a build.
import { writeSync } from 'node:fs';
import { createServer } from 'node:net';

const parent = Number(process.argv[2]);
const checkEveryMs = 250;

const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  writeSync(1, `${server.address().port}\n`);
  const never = new Int32Array(new SharedArrayBuffer(4));
  // A process that loses its parent gets another one; a killed parent has no other way to tell it.
  while (process.ppid === parent) Atomics.wait(never, 0, 0, checkEveryMs);
  process.exit();
});
