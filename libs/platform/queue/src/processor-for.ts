import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { QueueDefinition } from './queue.definition.js';

export const PROCESSOR_FOR = Symbol('PROCESSOR_FOR');

export interface JobContext {
  /** The same at every delivery of this message; what an inbox recognises it by. */
  messageId: string;
  /** 1 at the first try. */
  attempt: number;
}

/** A class marked with `@ProcessorFor(queue)` handles that queue's jobs. It may see a message more than once. */
export interface JobProcessor<P extends object = object> {
  /** Resolves when the effect is there. Rejects to be tried again. */
  handle(payload: P, context: JobContext): Promise<void>;
}

export const ProcessorFor = (queue: QueueDefinition<never> | QueueDefinition): CustomDecorator<symbol> =>
  SetMetadata(PROCESSOR_FOR, queue);
