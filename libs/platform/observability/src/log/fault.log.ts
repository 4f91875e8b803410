import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type FaultIdentity, identify, type LogFields } from './fault.js';
import { counter } from '../metrics/metrics.js';

/** How long the repetitions of a fault are counted before the count is written, ms. */
const INTERVAL_MS = 10_000;
/** Faults at a time that are told apart; those beyond are one a code. */
const MOST = 500;
/** Of the requests whose line was left out, so many are named with the count. */
const MOST_REQUESTS = 50;
/** pino's numbers of the levels. */
const WARN = 40;
const FATAL = 60;

interface Running {
  readonly timer: NodeJS.Timeout;
  /** Not written since the last line of this fault. */
  repeats: number;
  requestIds: unknown[];
  readonly tell: (counted: { repeats: number; requestIds?: unknown[] }) => void;
}

/** Writes the line that has a count. */
export type WriteCount = (fields: LogFields, text: string) => void;

/**
 * Keeps a fault that many meet from flooding the log: while something is away there is a line for each request, job and
 * call that needed it, and they say the same.
 *
 * States of a fault: unknown → running, when its first line comes and is written → running, at the end of an interval
 * in which it was repeated, with one line that has the count → unknown, at the end of an interval without any. Faults
 * are lines of level warn and error, and those of requests that were answered with 429 or 503.
 */
@Injectable()
export class FaultLog implements OnApplicationShutdown {
  private readonly running = new Map<string, Running>();
  private stopped = false;
  private readonly faults = counter({
    name: 'log_faults_total',
    help: 'Faults that were to be logged, those that were only counted included, by the code of the error',
    labelNames: ['code'],
  });

  /**
   * @param writeCount is called outside of any request
   * @returns whether the line is to be written; else it was counted
   */
  admits(args: readonly unknown[], level: number, writeCount: WriteCount): boolean {
    const [fields, message] = args as [LogFields, string?];
    if (typeof fields !== 'object' || fields === null || level >= FATAL) return true;
    if (level < WARN && fields.res === undefined) return true;
    const text = message ?? (fields.err instanceof Error ? fields.err.message : '');
    const fault = identify(fields, text);
    if (!fault) return true;
    this.faults.inc({ code: fault.code });
    const [own, shared] = [`${level} ${fault.key}`, `${level} ${fault.code}`];
    const key = this.running.has(own) || this.running.size < MOST ? own : shared;
    const known = this.running.get(key);
    if (known) count(known, fields);
    else if (!this.stopped) this.begin(key, fault, text, writeCount);
    return known === undefined;
  }

  /** What was counted is written; lines from here on are written one by one. */
  onApplicationShutdown(): void {
    this.stopped = true;
    for (const fault of this.running.values()) {
      clearTimeout(fault.timer);
      tellCount(fault);
    }
    this.running.clear();
  }

  private begin(key: string, { subject }: FaultIdentity, text: string, writeCount: WriteCount): void {
    const timer = setTimeout(() => this.endInterval(key), INTERVAL_MS).unref();
    this.running.set(key, {
      timer,
      repeats: 0,
      requestIds: [],
      tell: (counted) => writeCount({ ...subject, ...counted }, `${text} (${counted.repeats} more)`),
    });
  }

  private endInterval(key: string): void {
    const fault = this.running.get(key)!;
    if (tellCount(fault)) fault.timer.refresh();
    else this.running.delete(key);
  }
}

function count(fault: Running, { requestId }: LogFields): void {
  fault.repeats += 1;
  if (requestId !== undefined && fault.requestIds.length < MOST_REQUESTS) fault.requestIds.push(requestId);
}

/** @returns whether there was anything to tell */
function tellCount(fault: Running): boolean {
  const { repeats, requestIds } = fault;
  if (repeats === 0) return false;
  fault.tell({ repeats, ...(requestIds.length > 0 && { requestIds }) });
  fault.repeats = 0;
  fault.requestIds = [];
  return true;
}
