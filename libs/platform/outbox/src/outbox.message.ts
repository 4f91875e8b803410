/** A queue that messages may be for, and what travels on it. */
export interface KnownQueue<N extends string = string, P extends object = object> {
  readonly name: N;
  /** What its messages must look like, such as a Zod schema. Default: any object. */
  readonly payload?: {
    safeParse(value: unknown): { success: true; data: P } | { success: false; error: { message: string } };
  };
}

/**
 * A message to be delivered at least once to one queue, if and only if the transaction that added it commits. Of a
 * union of queues: with the name of one of them, and the payload of that one.
 */
export type OutboxMessage<Q extends KnownQueue = KnownQueue> =
  Q extends KnownQueue<infer N, infer P> ? MessageFor<N, P> : never;

interface MessageFor<N extends string, P extends object> {
  /**
   * Names the message: consumers recognise a repeated delivery by it. At most 100 characters. Derive it from what
   * happened (`order-placed:42`), and adding it twice is an error instead of a second effect, for as long as the row is
   * kept: until `keepDoneSeconds` after it was done. After that the id may be added again, and is another message.
   */
  messageId: string;
  queue: N;
  payload: P;
  /** Not before this moment. Default: as soon as it is committed. */
  runAt?: Date;
  /**
   * Of what it follows from, by `carriedTrace` of `@fourfold/observability/tracing`: to be given where many share a
   * transaction. `null`: of none. Default: the running one.
   */
  trace?: string | null | undefined;
}

/** What the relay hands to a publisher. */
export interface RelayedMessage {
  /** The outbox row: unique, and the same at each try. */
  outboxId: string;
  messageId: string;
  queue: string;
  payload: object;
  /** The queue may have it already, as a job that waits, runs, or has failed and is about to become a dead letter. */
  republished: boolean;
  /** To go with it, and to be given to `delivered` of `@fourfold/observability/tracing`. */
  trace?: string | undefined;
}

/** The way out of the database: implemented over a queue, which this library knows nothing of. */
export abstract class OutboxPublisher {
  /** Names of the queues that it knows: each has its figures from the start, and not with its first message. */
  readonly queues: readonly string[] = [];

  /**
   * Publishes a batch. Publishing the same message again must be harmless.
   * Does not reject: a queue that is away has confirmed nothing.
   * @returns the outbox ids that the queue has confirmed; the others are tried again in a moment
   */
  abstract publish(messages: readonly RelayedMessage[]): Promise<ReadonlySet<string>>;

  /**
   * Asked every second: has the queue lost everything it held since a relay last asked, or is it new? What was
   * published and is not done is then published again at once. May reject while the queue is away.
   */
  foundEmpty(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /**
   * Calls `listener` when the queue may take messages again after it was away. Those who were refused need not wait.
   * @returns what ends that
   */
  onReturn(_listener: () => void): () => void {
    return () => {};
  }
}
