import { Inject, Injectable, type OnModuleInit, Optional, type Type } from '@nestjs/common';
import { DiscoveryService, ModuleRef, Reflector } from '@nestjs/core';
import { Inbox } from '@fourfold/outbox';
import type { QueueDefinition } from '../queue.definition.js';
import { InjectAroundJob } from '../queue.tokens.js';
import type { AroundJob } from './around-job.js';
import {
  type JobContext,
  type JobProcessor,
  PROCESSOR_FOR,
  type ProcessorMark,
  type TransactionalJobProcessor,
} from './processor-for.js';

/** Runs one queue's handler on a message: resolves when the effect is there and the outbox knows it. */
export type Invoke = (payload: object, context: JobContext) => Promise<void>;

export interface Processor {
  readonly definition: QueueDefinition;
  readonly invoke: Invoke;
}

/** Every `@ProcessorFor` class of the process, by queue: the same in a worker and in its child processes. */
@Injectable()
export class Processors implements OnModuleInit {
  private readonly byQueue = new Map<string, Processor>();
  private aroundJob: AroundJob = { run: (work) => work() };

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    @InjectAroundJob() private readonly aroundJobClass: Type<AroundJob> | null,
    @Optional() @Inject(Inbox) private readonly inbox?: Inbox,
  ) {}

  onModuleInit(): void {
    if (this.aroundJobClass) this.aroundJob = this.moduleRef.get(this.aroundJobClass, { strict: false });
    for (const { instance, metatype } of this.discovery.getProviders()) {
      const mark =
        typeof metatype === 'function' &&
        this.reflector.get<ProcessorMark | undefined>(PROCESSOR_FOR, metatype);
      if (mark) this.add(mark, instance as object);
    }
  }

  get all(): readonly Processor[] {
    return [...this.byQueue.values()];
  }

  find(queue: string): Processor | undefined {
    return this.byQueue.get(queue);
  }

  private add({ definition, inbox: consumer }: ProcessorMark, instance: object): void {
    if (this.byQueue.has(definition.name))
      throw new Error(`Two classes are marked @ProcessorFor queue ${definition.name}; there can be one`);
    const invoke =
      consumer === undefined
        ? this.plain(instance as JobProcessor)
        : this.transactional(instance as TransactionalJobProcessor, consumer);
    this.byQueue.set(definition.name, {
      definition,
      invoke: (payload, context) => this.aroundJob.run(() => invoke(payload, context)),
    });
  }

  private plain(processor: JobProcessor): Invoke {
    return async (payload, context) => {
      await processor.handle(payload, context);
      await this.inbox?.acknowledge(context.messageId);
    };
  }

  private transactional(processor: TransactionalJobProcessor, consumer: string): Invoke {
    const { inbox } = this;
    if (!inbox)
      throw new Error(`@ProcessorFor with an inbox (${consumer}) needs OutboxModule in the application`);
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
}
