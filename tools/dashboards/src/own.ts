import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paths, readRules, readRunbookBase } from '@fourfold-tools/alerts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const { alerts } = readRules(join(root, paths.rules));

/** Where the pages of alerts are published. */
export const runbooks = readRunbookBase(root);

/** The matcher by which `TargetDown` tells our targets from others that Prometheus scrapes. */
export const ownTargets = /job=~"[^"]+"/.exec(alerts.find(({ alert }) => alert === 'TargetDown')!.expr)![0];

const areas = [...new Set(alerts.map(({ labels }) => labels['area']))].join('|');
/** Our alerts that fire, without the Watchdog, which always does. */
export const ownAlerts = `ALERTS{alertstate="firing", alertname!="Watchdog", area=~"${areas}"}`;
