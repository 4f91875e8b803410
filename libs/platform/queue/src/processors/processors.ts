import { Inject, Injectable, type OnModuleInit, Optional, type Type } from '@nestjs/common';
import { DiscoveryService, ModuleRef, Reflector } from '@nestjs/core';
import { carriedTrace } from '@fourfold/observability/tracing';
import { Inbox } from '@fourfold/outbox';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectAroundJob } from '../queue.tokens.js';
import {
  type AroundJob,
  type GroupedJob,
  type GroupedJobProcessor,
  type JobContext,
  type JobProcessor,
  PROCESSOR_FOR,
  type ProcessorMark,
  type Together,
  type TransactionalJobProcessor,
} from './processor-for.js';

/** Runs one queue's handler on a message: resolves when the effect is there and the outbox knows it. */
export type Invoke = (payload: object, context: JobContext) => Promise<void>;

export interface Processor {
  readonly definition: QueueDefinition;
  readonly invoke: Invoke;
  /** Its jobs share a few transactions: one that waits for its turn takes nothing from the jobs of other queues. */
  readonly isGrouped: boolean;
}

/** Every `@ProcessorFor` class of the process, by queue: the same in a worker and in its child processes. */
@Injectable()
export class Processors implements OnModuleInit {
  private readonly byQueue = new Map<string, Processor>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    @InjectAroundJob() private readonly aroundJob: Type<AroundJob> | null,
    @Optional() @Inject(Inbox) private readonly inbox?: Inbox,
  ) {}

  onModuleInit(): void {
    const around = this.aroundJob && this.moduleRef.get(this.aroundJob, { strict: false });
    for (const { instance, metatype } of this.discovery.getProviders()) {
      const mark =
        typeof metatype === 'function' &&
        this.reflector.get<ProcessorMark | undefined>(PROCESSOR_FOR, metatype);
      if (mark) this.add(mark, instance as object, around);
    }
  }

  get all(): readonly Processor[] {
    return [...this.byQueue.values()];
  }

  find(queue: string): Processor | undefined {
    return this.byQueue.get(queue);
  }

  private add(mark: ProcessorMark, instance: object, around: AroundJob | null): void {
    const { definition, together } = mark;
    if (this.byQueue.has(definition.name))
      throw new Error(`Two classes are marked @ProcessorFor queue ${definition.name}; there can be one`);
    const invoke = this.invoking(mark, instance);
    this.byQueue.set(definition.name, {
      definition,
      invoke: around ? async (...message) => around.run(() => invoke(...message)) : invoke,
      isGrouped: together !== undefined,
    });
  }

  private invoking({ inbox, together }: ProcessorMark, instance: object): Invoke {
    if (inbox === undefined) return this.plain(instance as JobProcessor);
    return together
      ? this.grouped(instance as GroupedJobProcessor, inbox, together)
      : this.transactional(instance as TransactionalJobProcessor, inbox);
  }

  private plain(processor: JobProcessor): Invoke {
    return async (payload, context) => {
      await processor.handle(payload, context);
      await this.inbox?.acknowledge(context.messageId);
    };
  }

  private transactional(processor: TransactionalJobProcessor, consumer: string): Invoke {
    const inbox = this.inboxFor(consumer);
    const committed = processor.committed?.bind(processor);
    return async (payload, context) => {
      await inbox.once(
        consumer,
        context.messageId,
        async (manager) => {
          const done = await processor.handle(payload, { ...context, manager });
          // Another worker may be running it: what was done here must not count.
          context.throwIfRevoked();
          return done;
        },
        committed && ((result) => committed(payload, result)),
      );
    };
  }

  private grouped(processor: GroupedJobProcessor, consumer: string, together: Together): Invoke {
    const { mostJobs, inFlight, mostWeight } = together;
    const weightOf = together.weightOf as ((payload: object) => number) | undefined;
    const committed = processor.committed?.bind(processor);
    const group = this.inboxFor(consumer).together<GroupedJob, unknown>({
      consumer,
      ...(mostJobs !== undefined && { mostUnits: mostJobs }),
      ...(inFlight !== undefined && { inFlight }),
      ...(mostWeight !== undefined && { mostWeight }),
      ...(weightOf && { weightOf: ({ payload }) => weightOf(payload) }),
      // The queue's `concurrency` is how many there may be.
      mostWaiting: Infinity,
      effect: async (manager, jobs) => {
        const results = await processor.handleTogether(jobs, manager);
        for (const { context } of jobs) context.throwIfRevoked();
        return results;
      },
      afterwards:
        committed &&
        ((processed) =>
          committed(processed.map(({ message: { payload }, result }) => ({ payload, result })))),
    });
    return async (payload, context) => {
      await group.once({ messageId: context.messageId, payload, context, trace: carriedTrace() });
    };
  }

  /** @throws Error when there is none */
  private inboxFor(consumer: string): Inbox {
    if (this.inbox) return this.inbox;
    throw new Error(`@ProcessorFor with an inbox (${consumer}) needs OutboxModule in the application`);
  }
}
