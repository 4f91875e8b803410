import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { requireExecutable } from '@fourfold-tools/stack';

/**
 * What promtool has against each expression, by its index: one rule file of all, since each start takes 0.1 s.
 * @throws StackError when promtool is not installed, Error when it says something that names no expression
 */
export function unparsable(expressions: readonly string[]): Map<number, string> {
  if (expressions.length === 0) return new Map();
  const folder = mkdtempSync(join(tmpdir(), 'fourfold-dashboards-'));
  try {
    const file = join(folder, 'queries.yaml');
    // JSON is YAML. A name of its own for each, or promtool calls two that are equal duplicates.
    const rules = expressions.map((expr, index) => ({ record: `query:${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules }] }));
    const promtool = requireExecutable('promtool');
    const ran = execaSync(promtool, ['check', 'rules', '--lint=none', file], { all: true, reject: false });
    if (ran.exitCode === undefined) throw new Error(ran.shortMessage);
    const faults = new Map<number, string>();
    for (const [, index, fault] of ran.all.matchAll(/"query:(\d+)": (.*)/g))
      faults.set(Number(index), fault!);
    if (ran.failed && faults.size === 0) throw new Error(`promtool failed: ${ran.all}`);
    return faults;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
