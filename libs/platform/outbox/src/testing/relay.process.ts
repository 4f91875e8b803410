import 'reflect-metadata';
import { eventually } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { type KnownQueue, OutboxPublisher, type RelayedMessage } from '../outbox.message.js';
import { OutboxMetrics } from '../outbox.metrics.js';
import { LocalSignal } from '../outbox.signal.js';
import { Outbox } from '../outbox.js';
import { OutboxRelay } from '../relaying/outbox.relay.js';

/**
 * What a process does, and where it waits to be killed:
 * - `writes`: adds the message `m` beside a row in `stock`, and waits before the commit
 * - `writes-beside`: naive: publishes `m` instead of adding it, beside a row in `stock`, and waits before the commit
 * - `has-written`: the same, and waits after the commit
 * - `claims`: relays, and waits when it has claimed, before it publishes
 * - `publishes`: relays, and waits when it has published, before it marks
 * - `meets`: relays, and publishes nothing before a second one has claimed something too
 * - `relays`: relays until it is told to stop
 */
export type RelayRole =
  'writes' | 'writes-beside' | 'has-written' | 'claims' | 'publishes' | 'meets' | 'relays';

export interface RelayProcessOptions {
  readonly role: RelayRole;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** A list of what was published, as `<pid> <outbox id> <message id>`. */
  readonly key: string;
}

export type Report = { readonly told: 'ready' | 'waits' };

const never = new Promise<never>(() => {});
const tell = (told: Report['told']) => process.send!({ told } satisfies Report);

export async function run(text: string): Promise<void> {
  const options = JSON.parse(text) as RelayProcessOptions;
  const dataSource = new DataSource({ type: 'mysql', url: options.databaseUrl });
  await dataSource.initialize();
  if (options.role === 'writes' || options.role === 'has-written') return write(dataSource, options.role);
  if (options.role === 'writes-beside') return writeBeside(dataSource, options);
  const publisher = new ListPublisher(options);
  const relay = new OutboxRelay(dataSource, publisher, new OutboxMetrics(), new LocalSignal());
  relay.onApplicationBootstrap();
  process.once('SIGTERM', () => void relay.beforeApplicationShutdown().then(() => process.exit(0)));
  tell('ready');
}

async function write(dataSource: DataSource, role: RelayRole): Promise<void> {
  tell('ready');
  await dataSource.transaction(async (manager) => {
    await manager.query('UPDATE stock SET units = units - 1');
    await new Outbox<KnownQueue>().add(manager, { messageId: 'm', queue: 'letters', payload: {} });
    if (role !== 'writes') return;
    tell('waits');
    await never;
  });
  tell('waits');
  await never;
}

async function writeBeside(dataSource: DataSource, options: RelayProcessOptions): Promise<void> {
  tell('ready');
  await dataSource.transaction(async (manager) => {
    await manager.query('UPDATE stock SET units = units - 1');
    await new Redis(options.redisUrl).rpush(options.key, `${process.pid} 0 m`);
    tell('waits');
    await never;
  });
}

class ListPublisher extends OutboxPublisher {
  private readonly redis: Redis;

  constructor(private readonly options: RelayProcessOptions) {
    super();
    this.redis = new Redis(options.redisUrl);
  }

  async publish(messages: readonly RelayedMessage[]): Promise<ReadonlySet<string>> {
    const { role, key } = this.options;
    if (role === 'claims') await this.stall();
    if (role === 'meets') await this.meet();
    await this.redis.rpush(
      key,
      ...messages.map(({ outboxId, messageId }) => `${process.pid} ${outboxId} ${messageId}`),
    );
    if (role === 'publishes') await this.stall();
    return new Set(messages.map(({ outboxId }) => outboxId));
  }

  private async meet(): Promise<void> {
    const met = `${this.options.key}:met`;
    await this.redis.sadd(met, process.pid);
    await eventually(async () => (await this.redis.scard(met)) === 2, { deadlineMs: 20_000 });
  }

  private async stall(): Promise<never> {
    tell('waits');
    return never;
  }
}
