import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import type { QueueDefinition } from '../queue.definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { DeadLetterRecorder } from './dead-letter.recorder.js';
import { FailedJobs } from './failed-jobs.js';
import { PeriodicTask } from './periodic.task.js';
import { sweep } from './sweep.js';

const SWEEP_EVERY_MS = 1_000;

/**
 * Turns the failed jobs of every declared queue into dead letters. It looks at what Redis holds and not at Bull's
 * events, which get lost; any number of processes may do it at once.
 */
@Injectable()
export class DeadLetterSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task = new PeriodicTask(DeadLetterSweeper.name, SWEEP_EVERY_MS, () => this.sweep());

  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    private readonly moduleRef: ModuleRef,
    private readonly recorder: DeadLetterRecorder,
  ) {}

  onApplicationBootstrap(): void {
    this.task.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  /** One pass over all queues; a queue that fails does not keep the next one from its turn. */
  private async sweep(): Promise<void> {
    const errors: unknown[] = [];
    for (const { name } of this.definitions) {
      if (this.task.isStopping) return;
      const queue = this.moduleRef.get<Queue>(getQueueToken(name), { strict: false });
      await sweep(new FailedJobs(queue), this.recorder, () => this.task.isStopping).catch((error: unknown) =>
        errors.push(error),
      );
    }
    if (errors.length > 0) throw errors[0];
  }
}
