import { parseArgs } from 'node:util';
import { installMissing } from '@fourfold-tools/stack';
import type { Check, CheckOutcome } from './check.js';
import { fullStages, stages } from './checks.js';
import { sum, type Tally } from './tally.js';

const HELP = `Usage: npm test [-- --only <check>[,<check>…]]
       npm run test:full
       npm run test:mysql

Runs every check of the project against real servers that it starts itself, on free ports and in a temporary folder:
a topology that is already running is not touched. Installs missing programs with apt when it may, Prometheus among
them: its promtool checks the alert rules.

Checks:
${[...stages, ...fullStages]
  .flat()
  .map(({ name, says }) => `  ${name.padEnd(9)}${says}`)
  .join('\n')}

Options:
  --only <check>[,<check>…]  these checks alone
  --full                     long histories, soaks and outages as often as their figures need (npm run test:full)

Exit codes: 0 all passed, 1 something failed, 2 wrong usage. The last line is "N passed, N failed".`;

class UsageError extends Error {}

function chosen(only: string | undefined, full: boolean): readonly (readonly Check[])[] {
  const all = [...stages, ...fullStages];
  if (only === undefined) return full ? all : stages;
  const names = only.split(',');
  const unknown = names.filter((name) => !all.flat().some((check) => check.name === name));
  if (unknown.length > 0) throw new UsageError(`There is no check named ${unknown.join(', ')}`);
  return all.map((stage) => stage.filter(({ name }) => names.includes(name)));
}

async function verify({ only, full }: { only: string | undefined; full: boolean }): Promise<Tally> {
  const selected = chosen(only, full);
  installMissing({
    also: ['bash', 'curl', 'git', 'pdftoppm', 'pdftotext', 'prometheus', 'promtool'],
    ifPossible: full ? ['prometheus-alertmanager'] : [],
    report: (line) => console.log(line),
  });
  const outcomes: CheckOutcome[] = [];
  const lines: string[] = [];
  const run = async (check: Check): Promise<void> => {
    const startedAt = performance.now();
    const outcome = await check.run();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    const { passed, failed, notes = [] } = outcome;
    const mark = failed === 0 ? '✓' : '✗';
    outcomes.push(outcome);
    lines.push(
      `${mark} ${check.name.padEnd(9)}${passed} passed, ${failed} failed (${seconds} s)`,
      ...notes.map((note) => `  ${note}`),
    );
  };
  for (const stage of selected) {
    for (const { name, says } of stage) console.log(`── ${name}: ${says}`);
    await Promise.all(stage.map(run));
  }
  console.log(`\n${lines.join('\n')}\n`);
  return sum(outcomes);
}

try {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      full: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
  } else {
    if (values.full) process.env['FOURFOLD_TEST_FULL'] = '1';
    const { passed, failed } = await verify({ only: values.only, full: values.full === true });
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const usage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  if (usage) console.error(`\n${HELP}`);
  process.exitCode = usage ? 2 : 1;
}
