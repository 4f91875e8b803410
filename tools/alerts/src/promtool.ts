import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { stringify } from 'yaml';
import {
  type Cases,
  firingAfter,
  promtoolRecordingTest,
  promtoolTest,
  type RecordingCase,
} from './case.file.js';
import { plainRules, type Rule, type RuleFile, type RuleGroup } from './rule.file.js';

/** What is wrong with the rules, in promtool's words; empty when nothing is. */
export function checkWithPromtool(promtool: string, rules: RuleFile): string[] {
  return inFolder((folder) => {
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, plainRules(rules));
    return run(promtool, ['check', 'rules', file], rules.path);
  });
}

/**
 * Runs the cases, each with the rules that it is about: promtool evaluates all that it is given at every step.
 * It compares annotations as well, word for word: they are left out here, and `lintTemplates` looks at what they use.
 */
export function testWithPromtool(promtool: string, rules: RuleFile, cases: Cases): string[] {
  const ownLabels = (name: string) => rules.alerts.find(({ alert }) => alert === name)?.labels ?? {};
  return inFolder((folder) => {
    const tests = [...cases].map(([alert, one]) => {
      const [file, path] = ['rules', 'test'].map((kind) => join(folder, `${alert}.${kind}.yaml`));
      const wanted = new Set([alert, ...Object.keys(firingAfter(one))]);
      writeFileSync(file!, plainRules({ groups: partOf(rules, wanted) }));
      writeFileSync(
        path!,
        stringify(promtoolTest(alert, one, { ownLabels, rules: file! }), { lineWidth: 0 }),
      );
      return path!;
    });
    return run(promtool, ['test', 'rules', ...tests], rules.path);
  });
}

/** The same of recording rules that no alert reads. */
export function testRecordings(
  promtool: string,
  rules: RuleFile,
  cases: ReadonlyMap<string, RecordingCase>,
): string[] {
  return inFolder((folder) => {
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, plainRules({ groups: partOf(rules, new Set(cases.keys())) }));
    const tests = [...cases].map(([record, one], index) => {
      const path = join(folder, `${index}.test.yaml`);
      writeFileSync(path, stringify(promtoolRecordingTest(record, one, file)));
      return path;
    });
    return tests.length === 0 ? [] : run(promtool, ['test', 'rules', ...tests], rules.path);
  });
}

/** The alerts and recording rules of those names, without annotations, and the recording rules that they read. */
function partOf(rules: RuleFile, names: ReadonlySet<string>): RuleGroup[] {
  const needed = recordingsReadBy(rules, names);
  const wanted = (rule: Rule) =>
    names.has('alert' in rule ? rule.alert : rule.record) || ('record' in rule && needed.has(rule.record));
  const bare = (rule: Rule): Rule => ('alert' in rule ? { ...rule, annotations: {} } : rule);
  return rules.groups
    .map((group) => ({ ...group, rules: group.rules.filter(wanted).map(bare) }))
    .filter(({ rules: own }) => own.length > 0);
}

/** The recording rules that those of these names read, at first hand or through others. */
export function recordingsReadBy({ alerts, recordings }: RuleFile, names: ReadonlySet<string>): Set<string> {
  const read = [
    ...alerts.filter(({ alert }) => names.has(alert)),
    ...recordings.filter(({ record }) => names.has(record)),
  ].map(({ expr }) => expr);
  const needed = new Set<string>();
  for (const expr of read)
    for (const { record, expr: own } of recordings)
      if (!needed.has(record) && expr.includes(record)) {
        needed.add(record);
        read.push(own);
      }
  return needed;
}

function run(promtool: string, args: readonly string[], about: string): string[] {
  const { failed, exitCode, all, shortMessage } = execaSync(promtool, args, { all: true, reject: false });
  if (!failed) return [];
  const fault = exitCode === undefined ? shortMessage : told(all);
  return [`${about}: promtool ${args.slice(0, 2).join(' ')}:\n${fault}`];
}

/** Without the files that are right. */
const told = (output: string): string => output.replaceAll(/^Unit Testing: .*\n\s*SUCCESS\n+/gm, '').trim();

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'fourfold-alerts-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
