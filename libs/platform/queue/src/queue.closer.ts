import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { QueueConnections } from './queue.connections.js';
import type { QueueDefinition } from './queue.definition.js';
import { InjectQueueDefinitions } from './queue.tokens.js';

/** Closes the connections once every queue has closed; Nest promises no order among providers. */
@Injectable()
export class QueueCloser implements OnApplicationShutdown {
  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    private readonly connections: QueueConnections,
    private readonly moduleRef: ModuleRef,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    const queues = this.definitions.map(({ name }) =>
      this.moduleRef.get<Queue>(getQueueToken(name), { strict: false }),
    );
    await Promise.all(queues.map((queue) => queue.close()));
    this.connections.close();
  }
}
