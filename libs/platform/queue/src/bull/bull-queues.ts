import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import type { JobData } from '../job-data.js';
import { QueueConnections } from './queue.connections.js';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions } from '../queue.tokens.js';
import { patchQueue } from './bull-patches.js';

/** Bull's queue of each declared one, patched; they are closed before the connections that they share. */
@Injectable()
export class BullQueues implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @InjectQueueDefinitions() private readonly definitions: readonly QueueDefinition[],
    private readonly connections: QueueConnections,
    private readonly moduleRef: ModuleRef,
  ) {}

  onModuleInit(): void {
    for (const { name } of this.definitions) patchQueue(this.of(name));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.definitions.map(({ name }) => this.of(name).close()));
    this.connections.close();
  }

  /** @param name of a declared queue */
  of(name: string): Queue<JobData> {
    return this.moduleRef.get<Queue<JobData>>(getQueueToken(name), { strict: false });
  }
}
