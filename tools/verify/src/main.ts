import { parseArgs } from 'node:util';
import { installMissing } from '@fourfold-tools/stack';
import type { Check } from './check.js';
import { checks } from './checks.js';
import { sum, type Tally } from './tally.js';

const HELP = `Usage: npm test [-- --only <check>[,<check>…]]

Runs every check of the project against real servers that it starts itself, on free ports and in a temporary folder:
a topology that is already running is not touched. Installs missing programs with apt when it may; it goes on without
Prometheus where that can't be had.

Checks:
${checks.map(({ name, says }) => `  ${name.padEnd(8)}${says}`).join('\n')}

Exit codes: 0 all passed, 1 something failed, 2 wrong usage. The last line is "N passed, N failed".`;

class UsageError extends Error {}

function chosen(only: string | undefined): readonly Check[] {
  if (only === undefined) return checks;
  const names = only.split(',');
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) throw new UsageError(`There is no check named ${unknown.join(', ')}`);
  return checks.filter(({ name }) => names.includes(name));
}

async function verify(only: string | undefined): Promise<Tally> {
  const selected = chosen(only);
  installMissing({
    also: ['bash', 'curl', 'git'],
    ifPossible: ['prometheus'],
    report: (line) => console.log(line),
  });
  const tallies: Tally[] = [];
  const lines: string[] = [];
  for (const check of selected) {
    const { name } = check;
    console.log(`\n── ${name}: ${check.says}`);
    const startedAt = performance.now();
    const tally = await check.run();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    tallies.push(tally);
    lines.push(
      `${tally.failed === 0 ? '✓' : '✗'} ${name.padEnd(8)}${tally.passed} passed, ${tally.failed} failed (${seconds} s)`,
    );
  }
  console.log(`\n${lines.join('\n')}\n`);
  return sum(tallies);
}

try {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(HELP);
  } else {
    const { passed, failed } = await verify(values.only);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const usage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
