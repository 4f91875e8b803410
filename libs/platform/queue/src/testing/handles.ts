import { Injectable, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type JobContext, ProcessorFor, type ProcessorOptions } from '../processing/processor-for.js';
import type { QueueDefinition } from '../queue.definition.js';

export type Handle = (payload: { to: string }, context: JobContext & { manager: EntityManager }) => unknown;

export interface HandlesOptions extends ProcessorOptions {
  committed?: (payload: { to: string }, result: unknown) => Promise<void>;
}

/** A processor class of a test's own. `context.manager` is there when it asks for an inbox. */
export function handles(
  definition: QueueDefinition<{ to: string }>,
  handle: Handle,
  { committed, ...options }: HandlesOptions = {},
): Type {
  @Injectable()
  @ProcessorFor(definition, options)
  class TestProcessor {
    readonly committed = committed;

    async handle(
      payload: { to: string },
      context: JobContext & { manager: EntityManager },
    ): Promise<unknown> {
      return handle(payload, context);
    }
  }
  return TestProcessor;
}
