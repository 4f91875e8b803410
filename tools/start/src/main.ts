import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stack, StackError, stackOptionsFromEnv } from '@fourfold-tools/stack';
import { PlatformStart } from './platform.start.js';
import { StepProgress } from './step.progress.js';
import { Interrupted, StopRequest } from './stop-request.js';

const usage = `Usage: npm start

Installs what is missing, starts all servers, migrates, starts order-api and worker, loads the demo data, says where
everything is, and keeps the two apps running until Ctrl-C.

FOURFOLD_PORT_OFFSET=1000 shifts every port, FOURFOLD_PORTS="primary=23306,api=3005" sets single ones,
FOURFOLD_STATE_DIR says where data and logs go (default .stack).`;

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));

async function run(): Promise<number> {
  const options = stackOptionsFromEnv(process.env, repoRoot);
  const progress = new StepProgress(process.stdout);
  const release = await new Stack(options, (line) => progress.line(line)).supervise();
  const platform = new PlatformStart(options, progress);
  const stop = new StopRequest(() => {
    progress.line('Stopping at once');
    void platform.kill().finally(() => process.exit(130));
  });
  stop.listenTo(process);
  // What is supervised is detached and keeps no process waiting for it; neither does listening for signals.
  const awake = setInterval(() => {}, 60_000);
  try {
    await platform.up(stop.signal);
    await stop.requested;
    await progress.step('Everything is stopped', () => platform.down());
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) progress.line(textOf(error));
    await progress.step('What this start began is stopped', () => platform.undo());
    return error instanceof Interrupted ? 130 : 1;
  } finally {
    clearInterval(awake);
    release();
  }
}

/** Where a user can act on it the message is enough; anything else is a defect, and its place matters. */
function textOf(error: unknown): string {
  return error instanceof StackError ? error.message : String((error as Error).stack ?? error);
}

function wantsHelp(): boolean {
  try {
    return parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } }).values.help;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exit(2);
  }
}

// A terminal that was closed takes no more lines; that must not keep us from stopping what runs.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

if (wantsHelp()) {
  process.stdout.write(`${usage}\n`);
} else {
  // An interrupted step may still hold connections open; what was to be done is done by then.
  process.exit(
    await run().catch((error: unknown) => {
      process.stderr.write(`${textOf(error)}\n`);
      return 1;
    }),
  );
}
