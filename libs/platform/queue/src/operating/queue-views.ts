import { Injectable } from '@nestjs/common';
import Bull, { type Queue } from 'bull';
import type { JobData } from '../job-data.js';
import type { QueueDefinition } from '../queue-definition.js';
import { InjectQueueDefinitions, InjectQueueRedis, type QueueRedis } from '../queue.tokens.js';
import { OperatingConnection } from './operating.connection.js';

/**
 * Each declared queue as a Bull queue to look at, for pages such as Bull Board. Over the operating connection: what a
 * page asks while Redis is away fails, where the queues that do the work would have it wait. They process nothing and
 * hear no events: give them no listener but `error`.
 */
@Injectable()
export class QueueViews {
  readonly all: readonly Queue<JobData>[];

  constructor(
    @InjectQueueDefinitions() definitions: readonly QueueDefinition[],
    @InjectQueueRedis() { prefix }: QueueRedis,
    { client }: OperatingConnection,
  ) {
    client.setMaxListeners(0);
    const createClient = () => client;
    this.all = definitions.map(({ name }) => new Bull<JobData>(name, { prefix, createClient }));
  }
}
