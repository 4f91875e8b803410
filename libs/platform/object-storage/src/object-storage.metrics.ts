import { AppError } from '@fourfold/kernel';
import { histogram } from '@fourfold/observability/metrics';

const operations = ['put', 'stat', 'read', 'delete', 'list', 'probe'] as const;
export type Operation = (typeof operations)[number];

/** `absent`: there is no such object, or no such link. */
const outcomes = ['ok', 'absent', 'full', 'unavailable', 'error'] as const;
type Outcome = (typeof outcomes)[number];

const outcomeOfCode: Readonly<Record<string, Outcome>> = {
  'object-not-found': 'absent',
  'object-storage-full': 'full',
  'object-storage-unavailable': 'unavailable',
};

export class ObjectStorageMetrics {
  private readonly seconds = histogram(
    {
      name: 'object_storage_seconds',
      help: 'How long operations on object storage took, by operation and outcome',
      labelNames: ['operation', 'outcome'],
      buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    },
    operations.flatMap((operation) => outcomes.map((outcome) => ({ operation, outcome }))),
  );

  /** @returns to be called with `ok` or what was thrown */
  begin(operation: Operation): (outcome: 'ok' | Error) => void {
    const startedMs = performance.now();
    return (result) => {
      const outcome = result === 'ok' ? result : outcomeOf(result);
      this.seconds.observe({ operation, outcome }, (performance.now() - startedMs) / 1_000);
    };
  }
}

function outcomeOf(error: Error): Outcome {
  return error instanceof AppError ? (outcomeOfCode[error.code] ?? 'error') : 'error';
}
