import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import type { QueueDefinition } from './queue.definition.js';
import { InjectQueueDefinitions } from './queue.tokens.js';

/**
 * Keeps Bull from naming the connection of each worker when it begins to process. The name is for counting workers by
 * their connections, which heartbeats do better; and Bull does not catch the failure of the naming when the process
 * stops before Redis has answered: an unhandled rejection, in the middle of a graceful stop.
 */
@Injectable()
export class NamelessWorkers implements OnModuleInit {
  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    private readonly moduleRef: ModuleRef,
  ) {}

  onModuleInit(): void {
    for (const { name } of this.definitions) {
      const queue = this.moduleRef.get<Queue>(getQueueToken(name), { strict: false });
      Object.assign(queue, { setWorkerName: () => Promise.resolve() });
    }
  }
}
