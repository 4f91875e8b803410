/** The coordinator stops, or an operator wants something else: the wait was given up, and nothing has failed. */
export class HaltedError extends Error {}

export interface ReplicaThrottleOptions {
  /** Of the replica that is furthest behind; undefined where none is known. */
  lagMsOf: (shard: string) => number | undefined;
  mostLagMs: number;
  /** Told once for each wait, what it waits for. */
  onWait: (reason: string) => Promise<void>;
  /** Whether to give the wait up. */
  isHalted: () => Promise<boolean>;
  rest: (ms: number) => Promise<void>;
}

const LOOK_EVERY_MS = 500;

/**
 * Holds rows back while replicas of a shard that takes part are behind: each row that is copied or deleted is one that they
 * have to apply too. A replica that does not answer is not waited for, since reads do not go there.
 */
export class ReplicaThrottle {
  constructor(private readonly options: ReplicaThrottleOptions) {}

  /**
   * Resolves when no replica of the shards is more than `mostLagMs` behind.
   * @throws HaltedError
   */
  async wait(shards: readonly string[]): Promise<void> {
    const { mostLagMs, isHalted, onWait, rest } = this.options;
    for (let told = false; ; told = true) {
      const late = this.latest(shards);
      if (!late) return;
      if (await isHalted()) throw new HaltedError(late.shard);
      if (!told)
        await onWait(
          `${late.shard}: its replicas are behind (${Math.round(late.lagMs)} ms, and ${mostLagMs} ms are allowed)`,
        );
      await rest(LOOK_EVERY_MS);
    }
  }

  private latest(shards: readonly string[]): { shard: string; lagMs: number } | undefined {
    return shards
      .map((shard) => ({ shard, lagMs: this.options.lagMsOf(shard) ?? 0 }))
      .filter(({ lagMs }) => lagMs > this.options.mostLagMs)
      .sort((a, b) => b.lagMs - a.lagMs)[0];
  }
}
