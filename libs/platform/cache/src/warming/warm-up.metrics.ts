import { Counter, register, type Registry } from 'prom-client';
import { reuseOrMake } from '../cache.metrics.js';
import type { WarmupReport } from '../warm-up.js';

const OUTCOMES = ['loaded', 'present', 'failed'] as const;

/** Adds one source's figures to `cache_warmed_keys_total`. */
export function countWarmed(registry: Registry = register, source: string, report: WarmupReport): void {
  const counter = reuseOrMake(
    registry,
    'cache_warmed_keys_total',
    (name) =>
      new Counter({
        name,
        help: 'Keys that a warm-up named',
        labelNames: ['source', 'outcome'],
        registers: [registry],
      }),
  );
  for (const outcome of OUTCOMES) counter.inc({ source, outcome }, report[outcome]);
}
