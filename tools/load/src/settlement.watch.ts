import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { read, type Send } from './call.js';
import { type LoadResult, percentiles } from './load.result.js';

const POLL_MS = 25;
/** An order that is pending for longer counts as unsettled. */
const PATIENCE_MS = 60_000;
const orderStatus = z.object({ status: z.string() });

/** Follows some orders until they are settled, by asking for each every 25 ms. */
export class SettlementWatch {
  private readonly micros = createHistogram();
  private readonly following = new Set<Promise<void>>();
  private unsettled = 0;

  /** @param most orders followed at once; while there are so many, others are not */
  constructor(
    private readonly send: Send,
    private readonly most: number,
  ) {}

  accepted(orderId: string): void {
    if (this.following.size >= this.most) return;
    const one: Promise<void> = this.follow(orderId).finally(() => this.following.delete(one));
    this.following.add(one);
  }

  /** Resolves when all that it follows are settled, or are given up. */
  async result(): Promise<NonNullable<LoadResult['settled']>> {
    await Promise.all(this.following);
    return { orders: this.micros.count, unsettled: this.unsettled, ms: percentiles(this.micros) };
  }

  private async follow(orderId: string): Promise<void> {
    const sinceMs = performance.now();
    while (performance.now() - sinceMs < PATIENCE_MS) {
      await pause(POLL_MS);
      const answer = await this.send(read('', `/v1/orders/${orderId}`)).catch(() => undefined);
      if (answer?.status !== 200) continue;
      if (orderStatus.parse(JSON.parse(answer.body)).status === 'pending') continue;
      this.micros.record(Math.max(1, Math.round((performance.now() - sinceMs) * 1_000)));
      return;
    }
    this.unsettled += 1;
  }
}
