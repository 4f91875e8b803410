import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AlertsError } from './alerts.errors.js';
import { readYaml, shaped } from './rule.file.js';

const labels = z.record(z.string(), z.string());
/** There can be no such moment, and why. */
const never = z.strictObject({ never: z.string() });

/**
 * One timeline that an alert goes through: it is silent, it fires, and then the series that it reads are gone. Times
 * are from the beginning; series are in the notation of promtool, with a value every `interval`.
 */
const oneCase = z.strictObject({
  interval: z.enum(['1m', '2m', '5m']).default('1m'),
  series: z.record(z.string(), z.string()),
  silent: z.union([z.string(), z.array(z.string()), never]),
  /** `labels` are those beyond the rule's own. */
  fires: z.strictObject({ at: z.string(), labels: labels.default({}) }),
  gone: z.union([
    never,
    /** What fires then, by alert, with the labels beyond its rule's own; the alert itself is silent if it is not named. */
    z.strictObject({ at: z.string(), firing: z.record(z.string(), labels) }),
    /** Nothing fires then, and why that will do. */
    z.strictObject({ at: z.string(), because: z.string() }),
  ]),
});

const recordingCase = z.strictObject({
  series: z.record(z.string(), z.string()),
  at: z.string(),
  /** Value, to a thousandth, by labels as in `{queue="email"}`. */
  gives: z.record(z.string(), z.number()),
});
export type RecordingCase = z.output<typeof recordingCase>;

/** By recording rule. @throws AlertsError with the file and the path in it */
export function readRecordingCases(path: string): ReadonlyMap<string, RecordingCase> {
  return new Map(Object.entries(shaped(z.record(z.string(), recordingCase), readYaml(path), path)));
}

const caseFile = z.record(z.string(), oneCase);
export type AlertCase = z.output<typeof oneCase>;
/** By alert. */
export type Cases = ReadonlyMap<string, AlertCase>;

/** @throws AlertsError with the file and the path in it; also for an alert that has two */
export function readCases(folder: string): Cases {
  const cases = new Map<string, AlertCase>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
    const path = join(folder, name);
    for (const [alert, one] of Object.entries(shaped(caseFile, readYaml(path), path))) {
      if (cases.has(alert)) throw new AlertsError(`${path}: ${alert} has cases in another file as well`);
      cases.set(alert, one);
    }
  }
  return cases;
}

/**
 * What promtool runs for one alert.
 * @param ownLabels of an alert's rule
 * @param rules the file that the test is of
 */
export function promtoolTest(
  alert: string,
  one: AlertCase,
  { ownLabels, rules }: { ownLabels: (alert: string) => Record<string, string>; rules: string },
): object {
  const { interval, series, silent, fires } = one;
  const moment = (name: string, at: string, more?: Record<string, string>) => ({
    alertname: name,
    eval_time: at,
    exp_alerts: more ? [{ exp_labels: { ...ownLabels(name), ...more } }] : [],
  });
  const silentAt = typeof silent === 'object' && 'never' in silent ? [] : [silent].flat();
  const test = {
    name: alert,
    interval,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      ...silentAt.map((at) => moment(alert, at)),
      moment(alert, fires.at, fires.labels),
      ...goneOf(alert, one).map(({ name, at, more }) => moment(name, at, more)),
    ],
  };
  return { rule_files: [rules], evaluation_interval: interval, tests: [test] };
}

/** What promtool runs for one recording rule. @param rules the file that it is in */
export function promtoolRecordingTest(
  record: string,
  { series, at, gives }: RecordingCase,
  rules: string,
): object {
  const test = {
    name: record,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `round(${record}, 0.001)`,
        eval_time: at,
        exp_samples: Object.entries(gives).map(([labels, value]) => ({ labels, value })),
      },
    ],
  };
  return { rule_files: [rules], evaluation_interval: '1m', tests: [test] };
}

/** The alerts that fire once the series of this one are gone. */
export function firingAfter({ gone }: AlertCase): Readonly<Record<string, Record<string, string>>> {
  return 'firing' in gone ? gone.firing : {};
}

/** All that is expected then: the alert itself is silent if it is not among those that fire. */
function goneOf(alert: string, one: AlertCase) {
  if ('never' in one.gone) return [];
  const { at } = one.gone;
  const firing = firingAfter(one);
  const names = new Set([alert, ...Object.keys(firing)]);
  return [...names].map((name) => ({ name, at, more: firing[name] }));
}
