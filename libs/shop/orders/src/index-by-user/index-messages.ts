import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { Outbox, OutboxMessage } from '@fourfold/outbox';
import { type OrderIndexEntry, orderIndexQueue, type ShopQueue } from '@shop/contracts';
import type { DataSource } from 'typeorm';

/**
 * How long the queue leaves an entry to the process that placed the order. That one is done within milliseconds; where it
 * is killed, or the shard is slow, the entry is there after this.
 */
const GRACE_MS = 2_000;
/** So long after an entry, its message and those of its neighbours are withdrawn. */
const WITHDRAW_MS = 100;
/** In one statement. */
const MOST = 500;

/** Has the queue write the entry, unless it is there before. */
export function indexMessage(
  entry: OrderIndexEntry,
  trace: string | undefined,
  nowMs: number,
): OutboxMessage<typeof orderIndexQueue> {
  return {
    messageId: messageIdOf(entry.orderId),
    queue: orderIndexQueue.name,
    payload: entry,
    runAt: new Date(nowMs + GRACE_MS),
    trace,
  };
}

const messageIdOf = (orderId: string): string => `order-index:${orderId}`;

/**
 * Takes the messages of entries that are there back, before they are due, many in one statement. What is not taken back in
 * time costs the queue a job that changes nothing.
 */
export class IndexMessages {
  private readonly logger = new Logger(IndexMessages.name);
  /** What is done for many orders belongs to no request, and to the trace of none. */
  private readonly outside = AsyncLocalStorage.snapshot();
  private orderIds: string[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox<ShopQueue>,
  ) {}

  withdrawSoon(orderId: string): void {
    this.orderIds.push(orderId);
    if (this.orderIds.length >= MOST) void this.withdraw();
    else this.timer ??= setTimeout(() => void this.withdraw(), WITHDRAW_MS).unref();
  }

  private async withdraw(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // In one order: two statements that have none in common lock each other's neighbours all the same.
    const ids = this.orderIds.map(messageIdOf).toSorted();
    this.orderIds = [];
    try {
      await this.outside(() => this.outbox.withdraw(this.dataSource.manager, ...ids));
    } catch (error) {
      this.logger.warn({ err: error }, `${ids.length} entries of the order index are left to the queue`);
    }
  }
}
