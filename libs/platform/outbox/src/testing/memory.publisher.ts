import { OutboxPublisher, type RelayedMessage } from '../outbox.message.js';

type Answer = (
  messages: readonly RelayedMessage[],
) => readonly RelayedMessage[] | Promise<readonly RelayedMessage[]>;

/** A queue in memory: notes what it is given, then confirms what `answer` gives back. By default all of it. */
export class MemoryPublisher extends OutboxPublisher {
  readonly batches: (readonly RelayedMessage[])[] = [];
  /** It has lost what it had: said once. */
  empty = false;
  private readonly listeners = new Set<() => void>();

  constructor(public answer: Answer = (messages) => messages) {
    super();
  }

  override async foundEmpty(): Promise<boolean> {
    const found = this.empty;
    this.empty = false;
    return found;
  }

  override onReturn(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  returns(): void {
    for (const listener of this.listeners) listener();
  }

  get messages(): RelayedMessage[] {
    return this.batches.flat();
  }

  get messageIds(): string[] {
    return this.messages.map(({ messageId }) => messageId);
  }

  async publish(messages: readonly RelayedMessage[]): Promise<ReadonlySet<string>> {
    this.batches.push(messages);
    return new Set((await this.answer(messages)).map(({ outboxId }) => outboxId));
  }
}
