import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installPrograms, StackError } from '@fourfold-tools/stack';
import { AlertsError } from './alerts.errors.js';
import { problemsOf } from './check.js';
import { paths, readProject, readRunbookBase } from './project.js';
import { plainRules, readRules, withRunbooksAt } from './rule.file.js';

const usage = `Usage: npm run alerts:check [-- --write]

Checks the recording and alert rules in ${paths.rules}:
promtool reads them and runs their cases (${paths.cases}); every alert has cases and a
runbook, and there is neither without an alert; and what promtool lets pass is looked for (tools/alerts/src/lint.ts).
promtool is installed with apt when it is missing and that is allowed.

  --write  first puts the address in ${paths.runbookBase} into them,
           and makes ${paths.plain} from them

Exit codes: 0 all is right, 1 something is not, 2 wrong usage.`;

const root = fileURLToPath(new URL('../../..', import.meta.url));

function check(write: boolean): number {
  const promtool = installPrograms(['promtool'], (line) => console.error(line)).promtool;
  if (write) {
    const rules = join(root, paths.rules);
    writeFileSync(rules, withRunbooksAt(readRunbookBase(root), readFileSync(rules, 'utf8')));
    mkdirSync(dirname(join(root, paths.plain)), { recursive: true });
    writeFileSync(join(root, paths.plain), plainRules(readRules(join(root, paths.rules))));
  }
  const project = readProject(root);
  const problems = problemsOf(project, promtool);
  for (const problem of problems) console.error(`✗ ${problem}`);
  const { alerts, recordings } = project.rules;
  if (problems.length === 0)
    console.log(`✓ ${alerts.length} alerts with cases and runbooks, ${recordings.length} recording rules`);
  return problems.length === 0 ? 0 : 1;
}

try {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) console.log(usage);
  else process.exitCode = check(values.write);
} catch (error) {
  const known = error instanceof AlertsError || error instanceof StackError;
  const wrongUsage = error instanceof TypeError && 'code' in error;
  console.error(known || wrongUsage ? (error as Error).message : error);
  if (wrongUsage) console.error(`\n${usage}`);
  process.exitCode = wrongUsage ? 2 : 1;
}
