/** The signals that ask this process to end: Ctrl-C, `kill`, a closed terminal. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C arrives several times: from the terminal, and passed on by npm and by bootstrap. */
const sameRequestMs = 1_000;

/**
 * What the user wants of a running `npm start`: the first signal asks for an orderly end, another one after a second
 * for an immediate one.
 */
export class StopRequest {
  private readonly controller = new AbortController();
  private firstAt: number | undefined;

  /** Aborted by the first request. */
  readonly signal: AbortSignal = this.controller.signal;
  readonly requested = new Promise<void>((resolve) => {
    this.signal.addEventListener('abort', () => resolve(), { once: true });
  });

  constructor(
    private readonly force: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  listenTo(process: NodeJS.Process): void {
    for (const name of stopSignals) process.on(name, () => this.request());
  }

  request(): void {
    if (this.firstAt === undefined) {
      this.firstAt = this.now();
      this.controller.abort(new Interrupted());
    } else if (this.now() - this.firstAt >= sameRequestMs) {
      this.force();
    }
  }
}

/** A start that the user broke off. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('stopped before it was up');
  }
}
