import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, ApiCaller, OrderBody } from '@fourfold-tools/e2e';
import type { AcceptedOrder } from '../oracle/evidence.js';
import type { Wish } from './shop.floor.js';

const REQUEST_TIMEOUT_MS = 15_000;
const RETRY_MS = 150;
/** An order that has no answer after this long never gets one. */
const GIVE_UP_MS = 120_000;

export interface ClientCounts {
  accepted: number;
  /** Told that there is not enough in stock. */
  refused: number;
  retries: number;
  /** 201s that an earlier try had earned, whose answer was lost. */
  replayed: number;
}

/** Asks with the same key, each time another API, until it is answered: yes or no. */
export class StubbornClient {
  readonly counts: ClientCounts = { accepted: 0, refused: 0, retries: 0, replayed: 0 };
  readonly accepted: AcceptedOrder[] = [];

  constructor(private readonly apis: readonly ApiCaller[]) {}

  get answered(): number {
    return this.counts.accepted + this.counts.refused;
  }

  /** @throws when the answer is neither yes nor no nor worth another try, or none comes */
  async place(wish: Wish, key: string, firstApi: number): Promise<void> {
    const end = performance.now() + GIVE_UP_MS;
    for (let attempt = 0; ; attempt++) {
      const answer = await this.ask(this.apis[(firstApi + attempt) % this.apis.length]!, wish, key);
      if (answer && this.settles(answer, wish, key)) return;
      if (performance.now() > end) throw new Error(`No answer to ${key} in ${GIVE_UP_MS} ms`);
      this.counts.retries++;
      await pause(RETRY_MS);
    }
  }

  /** @returns nothing when the connection broke, or nothing came over it */
  private ask(api: ApiCaller, wish: Wish, key: string): Promise<Answer<OrderBody> | undefined> {
    return api
      .call('POST', '/orders', {
        body: { ...wish, shippingAddress: '12 St James’s Square, London' },
        headers: { 'idempotency-key': key },
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      })
      .catch(() => undefined);
  }

  /** @returns whether that was the last word */
  private settles(answer: Answer<OrderBody>, { userId }: Wish, key: string): boolean {
    const { status, body, headers, text } = answer;
    if (status === 201) {
      this.counts.accepted++;
      if (headers.get('idempotency-replayed') === 'true') this.counts.replayed++;
      this.accepted.push({ key, orderId: body.id, userId });
      return true;
    }
    const { code } = (body ?? {}) as unknown as { code?: string };
    if (status === 409 && code === 'insufficient-stock') {
      this.counts.refused++;
      return true;
    }
    if (status >= 500 || status === 429 || code === 'idempotency-in-progress') return false;
    throw new Error(`POST /v1/orders with ${key} answered ${status}: ${text}`);
  }
}
