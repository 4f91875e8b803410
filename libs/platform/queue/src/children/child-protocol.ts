/** What a worker tells its child. */
export type ToChild =
  | {
      readonly say: 'run';
      readonly queue: string;
      readonly payload: object;
      readonly messageId: string;
      readonly attempt: number;
    }
  /** Aborts the signal of the job in hand. */
  | { readonly say: 'abort'; readonly reason: { readonly name: string; readonly message: string } }
  /** There will be no other job. */
  | { readonly say: 'stop' };

/** What a child tells its worker. */
export type FromChild =
  | { readonly told: 'ready' }
  | { readonly told: 'progress'; readonly value: number | object }
  | { readonly told: 'done'; readonly rssBytes: number }
  | { readonly told: 'failed'; readonly rssBytes: number; readonly error: ChildError };

export interface ChildError {
  readonly message: string;
  readonly stack: string | undefined;
  /** It was an `UnrecoverableJobError`. */
  readonly unrecoverable: boolean;
  /** Of a `PostponedJobError`. */
  readonly delayMs: number | undefined;
  /** What is away, if the error says so. */
  readonly dependency: string | undefined;
}
