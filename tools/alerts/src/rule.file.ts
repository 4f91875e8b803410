import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { AlertsError } from './alerts.errors.js';

const texts = z.record(z.string(), z.string());

const recording = z.strictObject({ record: z.string(), expr: z.string(), labels: texts.optional() });
const alert = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  keep_firing_for: z.string().optional(),
  labels: texts.default({}),
  annotations: texts.default({}),
});
const group = z.strictObject({
  name: z.string(),
  interval: z.string().optional(),
  rules: z.array(z.union([recording, alert])),
});

/** Of the PrometheusRule; what else the resource has is for `npm run k8s:check` to judge. */
const resource = z.looseObject({
  kind: z.literal('PrometheusRule'),
  spec: z.strictObject({ groups: z.array(group) }),
});

export type Alert = z.output<typeof alert>;
export type Recording = z.output<typeof recording>;
export type Rule = Alert | Recording;
export type RuleGroup = z.output<typeof group>;

/** Recording and alert rules, as they are in the PrometheusRule. */
export interface RuleFile {
  readonly path: string;
  readonly groups: readonly RuleGroup[];
  readonly alerts: readonly Alert[];
  readonly recordings: readonly Recording[];
}

/** @throws AlertsError with the file and the path in it */
export function readRules(path: string): RuleFile {
  return rulesFrom(readYaml(path), path);
}

/** @throws AlertsError with the file and the path in it */
export function rulesFrom(content: unknown, path: string): RuleFile {
  const { groups } = shaped(resource, content, path).spec;
  const rules = groups.flatMap((one) => one.rules);
  return {
    path,
    groups,
    alerts: rules.filter((rule) => 'alert' in rule),
    recordings: rules.filter((rule) => 'record' in rule),
  };
}

/** The text of a rule file whose links to runbooks begin with `base`. */
export function withRunbooksAt(base: string, text: string): string {
  return text.replaceAll(
    /(runbook_url: )\S+\/(\w+\.md)/g,
    (_, key: string, page: string) => `${key}${base}/${page}`,
  );
}

/** What Prometheus itself loads: the same groups without the resource around them. */
export function plainRules({ groups }: Pick<RuleFile, 'groups'>): string {
  const head =
    '# Made from k8s/components/monitoring/prometheus-rule.yaml by `npm run alerts:check -- --write`.\n';
  return head + stringify({ groups }, { lineWidth: 0 });
}

/** @throws AlertsError when it can't be read, or is no YAML */
export function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new AlertsError(`${path}: ${(error as Error).message}`);
  }
}

/** @throws AlertsError naming the file, and each path in it that is not as the schema says */
export function shaped<T>(schema: z.ZodType<T>, content: unknown, path: string): T {
  const { data, error } = schema.safeParse(content);
  if (error) throw new AlertsError(`${path} is not as it should be:\n${z.prettifyError(error)}`);
  return data;
}
