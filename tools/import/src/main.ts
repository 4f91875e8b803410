import { signToken } from '@fourfold-tools/token';
import { stackOptionsFromEnv } from '@fourfold-tools/stack';
import { fileURLToPath } from 'node:url';
import { type CommandLine, readCommandLine, USAGE, UsageError } from './command-line.js';
import { planImport } from './import.plan.js';
import { runImport } from './import.runner.js';
import { isSettled } from './import.summary.js';
import { MalformedFileError } from './malformed-file.error.js';
import { readOnlineRetailFile } from './online-retail.parser.js';
import { patientClient } from './patient.fetch.js';
import { printable, printableLines } from './printable.js';
import { ProgressBar } from './progress.bar.js';
import { renderSummary } from './summary.table.js';

const exitCodes = { settled: 0, unsettled: 1, notAccepted: 2, interrupted: 130 };
const repoRoot = fileURLToPath(new URL('../../../', import.meta.url));
const RESUME =
  'Run the same command again within 24 hours to go on: what is there is found, accepted orders are not repeated.';

class Interrupted extends Error {}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const commandLine = readCommandLine(argv);
    if (commandLine !== 'help') return await importFile(commandLine);
    console.log(USAGE);
    return exitCodes.settled;
  } catch (error) {
    if (error instanceof UsageError) console.error(`import: ${error.message}\n\n${USAGE}`);
    else if (error instanceof MalformedFileError) console.error(`${error.message}\nNothing was loaded.`);
    else if (isFileError(error)) console.error(`import: can't read the file: ${error.message}`);
    else throw error;
    return exitCodes.notAccepted;
  }
}

async function importFile({ file, stock, concurrency, json, ...target }: CommandLine): Promise<number> {
  const { lines, emptyRows } = await readOnlineRetailFile(file);
  const plan = planImport(lines, emptyRows);
  const stop = new AbortController();
  // npm passes on a Ctrl-C that the terminal has sent here as well: the second one must not be the deadly one.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stop.abort(new Interrupted()));
  const progress = new ProgressBar(process.stderr);
  try {
    const client = patientClient({ ...(await apiOf(target)), signal: stop.signal });
    const context = { client, concurrency, progress, refusals: [], signal: stop.signal };
    const summary = await runImport(context, plan, stock);
    console.log(json ? printableLines(JSON.stringify(summary, undefined, 2)) : renderSummary(summary));
    return isSettled(summary) ? exitCodes.settled : exitCodes.unsettled;
  } catch (error) {
    progress.end();
    const where = progress.position === '' ? 'Nothing was sent yet.' : `Stopped at ${progress.position}.`;
    if (stop.signal.aborted) console.error(`${where} ${RESUME}`);
    else
      console.error(
        `import: ${printable(error instanceof Error ? error.message : String(error))}\n${where} ${RESUME}`,
      );
    return stop.signal.aborted ? exitCodes.interrupted : exitCodes.unsettled;
  }
}

/** What was not said on the command line is that of this checkout's own stack. */
async function apiOf({ url, token }: Pick<CommandLine, 'url' | 'token'>) {
  const stack = stackOptionsFromEnv(process.env, repoRoot);
  return {
    baseUrl: url ?? `http://127.0.0.1:${stack.ports.api}`,
    // Always the same subject: idempotency keys belong to the caller, and a second run has to be the same one.
    token: token ?? (await signToken(stack.stateDir, { role: 'operator', sub: 'importer' })),
  };
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && 'syscall' in error && (error.syscall === 'open' || error.syscall === 'read')
  );
}
