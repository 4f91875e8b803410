import { Injectable } from '@nestjs/common';
import { defineQueue, type JobContext, ProcessorFor, type TransactionalJobProcessor } from '@fourfold/queue';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { Note } from './entities.js';

const greeting = z.object({ noteId: z.string(), text: z.string() });
type Greeting = z.output<typeof greeting>;

export const greetings = defineQueue({ name: 'greetings', payload: greeting, concurrency: 2 });

/** Writes the note in the transaction that records the message as processed. */
@Injectable()
@ProcessorFor(greetings, { inbox: 'greetings' })
export class GreetingProcessor implements TransactionalJobProcessor<Greeting, void> {
  async handle(
    { noteId, text }: Greeting,
    { manager }: JobContext & { manager: EntityManager },
  ): Promise<void> {
    await manager.insert(Note, { id: noteId, text });
  }
}
