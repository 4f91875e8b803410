import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installMissing } from '@fourfold-tools/stack';
import { boards } from './boards/index.js';
import { checkFolder } from './check/check-folder.js';
import { readSurroundings } from './check/known-metrics.js';
import { unansweredBy } from './check/live.js';
import { DASHBOARDS, differences, writeBoards } from './write.js';

const HELP = `Usage: npm run dashboards:check [-- --write] [-- --prometheus <url>]

Checks the Grafana dashboards in ${DASHBOARDS}: they are what tools/dashboards gives; every query parses (promtool);
every metric is exported by an app or recorded by a rule; every panel has a unit, a description and legends; linked
runbooks exist; no query adds up what every process gives alike, or reads a counter as it stands.

Options:
  --write             writes the dashboards first
  --prometheus <url>  also asks this Prometheus, which scrapes a platform under load, every query: each has to give data
                      (http://127.0.0.1:19090 beside npm start)
  --window <time>     the window of rates on that Prometheus, at least four of its scrapes (default 1m)

Exit codes: 0 all well, 1 something is wrong, 2 wrong usage.`;

const repoRoot = fileURLToPath(new URL('../../..', import.meta.url));
const folder = relative(process.cwd(), resolve(repoRoot, DASHBOARDS));

async function check(prometheus: string | undefined, window: string): Promise<string[]> {
  installMissing({ also: ['promtool'], report: (line) => console.error(line) });
  const faults = [...differences(folder, boards), ...checkFolder(folder, readSurroundings(repoRoot))];
  if (prometheus === undefined) return faults;
  const unanswered = await unansweredBy(prometheus, boards, window);
  return [
    ...faults,
    ...unanswered.map(
      ({ dashboard, panel, expr, why }) => `${prometheus}: ${dashboard}: "${panel}": ${why}\n    ${expr}`,
    ),
  ];
}

class UsageError extends Error {}

function usageOf() {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean' },
      prometheus: { type: 'string' },
      window: { type: 'string', default: '1m' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (!/^\d+[smh]$/.test(values.window))
    throw new UsageError(`--window takes a time such as 1m, not "${values.window}"`);
  if (values.prometheus !== undefined && !URL.canParse(values.prometheus))
    throw new UsageError(`--prometheus takes a URL, not "${values.prometheus}"`);
  return values;
}

try {
  const { help, write, prometheus, window } = usageOf();
  if (help) {
    console.log(HELP);
  } else {
    if (write) writeBoards(folder, boards);
    const faults = await check(prometheus, window);
    for (const fault of faults) console.error(fault);
    const panels = boards.flatMap(({ rows }) => rows.flatMap((row) => row.panels));
    const queries = panels.reduce((sum, panel) => sum + panel.queries.length, 0);
    console.log(
      `${boards.length} dashboards, ${panels.length} panels, ${queries} queries: ${faults.length} faults`,
    );
    process.exitCode = faults.length === 0 ? 0 : 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  if (isUsage) console.error(`\n${HELP}`);
  process.exitCode = isUsage ? 2 : 1;
}
