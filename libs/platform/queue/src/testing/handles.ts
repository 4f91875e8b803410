import { Injectable, type Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  type CommittedJob,
  type GroupedJob,
  ProcessorFor,
  type ProcessorOptions,
  type Together,
  type TransactionalJobContext,
} from '../processors/processor-for.js';
import type { QueueDefinition } from '../queue-definition.js';

export type Handle = (payload: { to: string }, context: TransactionalJobContext) => unknown;

export interface HandlesOptions extends ProcessorOptions {
  committed?: (payload: { to: string }, result: unknown) => Promise<void>;
}

/** A processor class of a test's own. `context.manager` is there when it asks for an inbox. */
export function handles(
  definition: QueueDefinition<{ to: string }>,
  handle: Handle,
  { committed, inbox }: HandlesOptions = {},
): Type {
  class TestProcessor {
    readonly committed = committed!;

    async handle(payload: { to: string }, context: TransactionalJobContext): Promise<unknown> {
      return handle(payload, context);
    }
  }
  Injectable()(TestProcessor);
  if (inbox === undefined) ProcessorFor(definition)(TestProcessor as Type);
  else ProcessorFor(definition, { inbox })(TestProcessor);
  return TestProcessor;
}

type Letter = { to: string };

export interface HandlesTogether {
  handleTogether: (
    jobs: readonly GroupedJob<Letter>[],
    manager: EntityManager,
  ) => Promise<readonly unknown[]>;
  committed?: (jobs: readonly CommittedJob<Letter>[]) => Promise<void>;
  together?: Together;
}

/** A class whose jobs share transactions, as the consumer `letters`. */
export function handlesTogether(
  definition: QueueDefinition<Letter>,
  { handleTogether, committed, together = {} }: HandlesTogether,
): Type {
  class TestProcessor {
    readonly committed = committed!;

    handleTogether(jobs: readonly GroupedJob<Letter>[], manager: EntityManager): Promise<readonly unknown[]> {
      return handleTogether(jobs, manager);
    }
  }
  Injectable()(TestProcessor);
  ProcessorFor(definition, { inbox: 'letters', together })(TestProcessor);
  return TestProcessor;
}
