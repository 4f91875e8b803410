import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DashboardFile, readDashboard } from './dashboard.file.js';
import { filledIn } from './grafana.variables.js';
import { unparsable } from './promtool.js';
import { findingsIn, type QueryInFile, queriesOf, type Surroundings } from './rules.js';

/** @returns a line for each fault: file, path in it, and what is wrong. */
export function checkFolder(folder: string, surroundings: Surroundings): string[] {
  const lines: string[] = [];
  const queries: (QueryInFile & { file: string })[] = [];
  const uids = new Map<string, string>();
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    const path = join(folder, file);
    const say = (where: string, message: string) => lines.push(`${path}: ${where}: ${message}`);
    const { dashboard, findings } = readDashboard(readFileSync(path, 'utf8'));
    for (const finding of findings) say(finding.path || 'file', finding.message);
    if (!dashboard) continue;
    for (const finding of findingsIn(dashboard, surroundings)) say(finding.path, finding.message);
    queries.push(...queriesOf(dashboard).map((query) => ({ ...query, file: path })));
    noteUid(dashboard, file, uids, say);
  }
  for (const [index, fault] of unparsable(queries.map(({ expr }) => filledIn(expr)))) {
    const { file, path, expr } = queries[index]!;
    lines.push(`${file}: ${path}: ${fault}\n    ${expr}`);
  }
  return lines;
}

function noteUid(
  { uid }: DashboardFile,
  file: string,
  uids: Map<string, string>,
  say: (where: string, message: string) => void,
): void {
  const other = uids.get(uid);
  if (other === undefined) uids.set(uid, file);
  else say('uid', `${other} has the uid ${uid} too: Grafana would keep one of the two`);
}
