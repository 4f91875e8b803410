/** A message to be delivered at least once to one queue, if and only if the transaction that added it commits. */
export interface OutboxMessage {
  /**
   * Names the message: consumers recognise a repeated delivery by it. At most 100 characters. Derive it from what
   * happened (`order-placed:42`), and adding it twice is an error instead of a second effect, for as long as the row is
   * kept: until `keepDoneSeconds` after it was done. After that the id may be added again, and is another message.
   */
  messageId: string;
  queue: string;
  payload: object;
  /** Not before this moment. Default: as soon as it is committed. */
  runAt?: Date;
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
