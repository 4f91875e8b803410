import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stackOptionsFromEnv } from '@fourfold-tools/stack';
import { signToken } from '@fourfold-tools/token';
import { type CommandLine, type LoadChoice, readCommandLine, USAGE, UsageError } from './command-line.js';
import { comparison, readResult } from './compare.js';
import { runLoad } from './load.run.js';
import { resultPage } from './result.page.js';

const exitCodes = { answered: 0, errors: 1, usage: 2, interrupted: 130 };
const repoRoot = fileURLToPath(new URL('../../../', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let commandLine: CommandLine;
  try {
    commandLine = readCommandLine(argv);
    if (commandLine.kind === 'compare') {
      const [a, b] = commandLine.files.map(readResult);
      console.log(comparison(a!, b!));
      return exitCodes.answered;
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`load: ${error.message}\n\n${USAGE}`);
    return exitCodes.usage;
  }
  if (commandLine.kind === 'load') return load(commandLine.choice);
  console.log(USAGE);
  return exitCodes.answered;
}

async function load(choice: LoadChoice): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const stack = stackOptionsFromEnv(process.env, repoRoot);
  try {
    const result = await runLoad({
      ...choice,
      url: choice.url ?? `http://127.0.0.1:${stack.ports.api}`,
      token: choice.token ?? (await signToken(stack.stateDir, { role: 'operator', sub: 'load' })),
      run: `load-${randomBytes(6).toString('hex')}`,
      signal: stop.signal,
      report: (line) => console.error(line),
    });
    writeFileSync(`${choice.out}.json`, `${JSON.stringify(result, undefined, 2)}\n`);
    writeFileSync(`${choice.out}.html`, resultPage(result));
    console.log(comparison(result, result).replaceAll(/(\S+) → \1/g, '$1'));
    console.log(`\n${choice.out}.json, ${choice.out}.html`);
    if (stop.signal.aborted) return exitCodes.interrupted;
    return result.all.errors === 0 ? exitCodes.answered : exitCodes.errors;
  } catch (error) {
    // fetch says only that it failed: why is in its cause.
    const { message, cause } = error as Error;
    console.error(`load: ${[message, (cause as Error | undefined)?.message].filter(Boolean).join(': ')}`);
    return stop.signal.aborted ? exitCodes.interrupted : exitCodes.errors;
  }
}
