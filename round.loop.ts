export interface RoundLoopOptions {
  round: () => Promise<void>;
  onError: (error: unknown) => void;
  /** From the end of one round to the next, unless it is woken. */
  everyMs: number;
  /** However often it is woken, no sooner than this: what is asked meanwhile shares a round. Default 0. */
  breathMs?: number;
}

const AFTER_ERROR_MS = 1_000;

/** Repeats a round for as long as the process runs, never two at once. */
export class RoundLoop {
  private readonly stopped = Promise.withResolvers<void>();
  private woken = Promise.withResolvers<void>();
  private running: Promise<void> | undefined;
  private stopping = false;

  constructor(private readonly options: RoundLoopOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** Another round follows at once; one in hand is followed by one more, however often this is called. */
  wake(): void {
    this.woken.resolve();
  }

  /** Lets the round in hand finish, and begins no other. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopped.resolve();
    await this.running;
  }

  private async run(): Promise<void> {
    const { round, onError, everyMs, breathMs = 0 } = this.options;
    while (!this.stopping) {
      this.woken = Promise.withResolvers();
      let restMs = everyMs;
      try {
        await round();
      } catch (error) {
        onError(error);
        restMs = Math.max(everyMs, AFTER_ERROR_MS);
      }
      await this.pause(breathMs);
      await this.pause(restMs, this.woken.promise);
    }
  }

  private async pause(ms: number, end?: Promise<void>): Promise<void> {
    if (ms === 0 || this.stopping) return;
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([passed, this.stopped.promise, ...(end ? [end] : [])]);
    clearTimeout(timer);
  }
}
