import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { percentiles, type LoadResult, type RouteResult } from './load.result.js';

/** Latencies are kept in µs; beyond, they count as this. */
const LONGEST_MICROS = 600_000_000;
const newHistogram = () => createHistogram({ lowest: 1, highest: LONGEST_MICROS, figures: 3 });

class RouteRecord {
  readonly latencies = newHistogram();
  readonly statuses: Record<string, number> = {};
  errors = 0;
}

class SecondRecord {
  due = 0;
  errors = 0;
  readonly latencies = newHistogram();
}

export interface Outcome {
  route: string;
  /** When it was due, after the start of the run. */
  dueMs: number;
  /** From then until the end of its answer: a call that had to wait to be sent has waited as its user would. */
  tookMs: number;
  /** `no answer` where none came. */
  status: number | 'no answer';
}

/** Histograms (HDR, three significant figures) of what a run has seen: whole, by route, and by second. */
export class LoadRecorder {
  private readonly routes = new Map<string, RouteRecord>();
  private readonly seconds: SecondRecord[] = [];
  private readonly all = newHistogram();
  private failed = 0;

  /** 5xx, 429 and no answer are errors; a 404 or 409 is what the platform has to say. */
  note({ route, dueMs, tookMs, status }: Outcome): void {
    const record = this.routes.get(route) ?? new RouteRecord();
    this.routes.set(route, record);
    const second = (this.seconds[Math.floor(dueMs / 1_000)] ??= new SecondRecord());
    const micros = Math.min(LONGEST_MICROS, Math.max(1, Math.round(tookMs * 1_000)));
    for (const histogram of [this.all, record.latencies, second.latencies]) histogram.record(micros);
    record.statuses[status] = (record.statuses[status] ?? 0) + 1;
    second.due += 1;
    if (!isError(status)) return;
    record.errors += 1;
    second.errors += 1;
    this.failed += 1;
  }

  get errors(): number {
    return this.failed;
  }

  get answered(): number {
    return this.all.count;
  }

  /** @param seconds how long calls were due */
  result(seconds: number): Pick<LoadResult, 'all' | 'routes' | 'timeline'> {
    const names = [...this.routes.keys()].sort();
    return {
      all: { ...summaryOf(this.all, seconds), errors: this.failed },
      routes: Object.fromEntries(names.map((name) => [name, this.routeResult(name, seconds)])),
      timeline: Array.from(this.seconds, (record, second) => ({
        second,
        calls: record?.due ?? 0,
        errors: record?.errors ?? 0,
        ms: percentiles(record?.latencies),
      })),
    };
  }

  private routeResult(name: string, seconds: number): RouteResult {
    const { latencies, statuses, errors } = this.routes.get(name)!;
    return { ...summaryOf(latencies, seconds), errors, statuses };
  }
}

function isError(status: Outcome['status']): boolean {
  return status === 'no answer' || status >= 500 || status === 429;
}

function summaryOf(histogram: RecordableHistogram, seconds: number) {
  return { calls: histogram.count, perSecond: histogram.count / seconds, ms: percentiles(histogram) };
}
