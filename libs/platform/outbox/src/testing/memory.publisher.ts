import { OutboxPublisher, type RelayedMessage } from '../outbox.message.js';

type Answer = (
  messages: readonly RelayedMessage[],
) => readonly RelayedMessage[] | Promise<readonly RelayedMessage[]>;

/** A queue in memory: notes what it is given, then confirms what `answer` gives back. By default all of it. */
export class MemoryPublisher extends OutboxPublisher {
  readonly batches: (readonly RelayedMessage[])[] = [];

  constructor(public answer: Answer = (messages) => messages) {
    super();
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
