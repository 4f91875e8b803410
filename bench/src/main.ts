import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benches } from './benches.js';
import { type CommandLine, readCommandLine, USAGE, UsageError } from './command-line.js';
import { withTables } from './http/readme.tables.js';

const repoRoot = fileURLToPath(new URL('../..', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let commandLine: CommandLine;
  try {
    commandLine = readCommandLine(argv, Object.keys(benches));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (commandLine.kind === 'help') {
    console.log(USAGE);
    return 0;
  }
  if (commandLine.kind === 'readme') {
    const file = join(repoRoot, 'README.md');
    writeFileSync(file, withTables(readFileSync(file, 'utf8'), join(repoRoot, 'bench/results')));
    return 0;
  }
  const { names, optionsOf } = commandLine;
  let hold = true;
  for (const name of names) {
    if (names.length > 1) console.log(`\n${name}:`);
    const { defaults, run } = benches[name]!;
    const options = { ...optionsOf(defaults), report: (line: string) => console.log(line) };
    hold = (await run(options, repoRoot)) && hold;
  }
  return hold ? 0 : 1;
}
