import { setTimeout as pause } from 'node:timers/promises';

export interface Sample {
  /** By `performance.now()`. */
  readonly startedMs: number;
  readonly tookMs: number;
  readonly error?: unknown;
}

/**
 * Starts work at a steady pace, whether what came before has ended or not, as users do: a piece that hangs slows no
 * other one.
 */
export class OpenLoop {
  private readonly samples: Sample[] = [];
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly work: () => Promise<unknown>,
    private readonly pace: { each: number; everyMs: number },
  ) {}

  start(): this {
    this.timer = setInterval(() => {
      for (let turn = 0; turn < this.pace.each; turn += 1) this.begin();
    }, this.pace.everyMs);
    return this;
  }

  get failed(): readonly Sample[] {
    return this.samples.filter(({ error }) => error !== undefined);
  }

  /** Those that have ended, by when they began. */
  between(fromMs: number, toMs = Infinity): readonly Sample[] {
    return this.samples.filter(({ startedMs }) => startedMs >= fromMs && startedMs < toMs);
  }

  /** Lets the work come for so long. */
  run(forMs: number): Promise<unknown> {
    return pause(forMs);
  }

  /** Resolves when all that has begun has ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.running);
  }

  private begin(): void {
    const startedMs = performance.now();
    const note = (failure: { error?: unknown }) => {
      this.samples.push({ startedMs, tookMs: performance.now() - startedMs, ...failure });
      this.running.delete(one);
    };
    const one = this.work().then(
      () => note({}),
      (error: unknown) => note({ error }),
    );
    this.running.add(one);
  }
}

/** @param part 0.99 for the 99th percentile */
export function percentile(samples: readonly Sample[], part: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
