import type { AppError } from '@fourfold/kernel';
import { counter, startAtZero } from '@fourfold/observability/metrics';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerKey, callerOf } from '../auth/caller.js';
import { OrderQuotaError, RateLimitedError } from './rate.errors.js';
import { type Allowance, RateWindow, type Standing } from './rate.window.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** In units: about what each costs beside a read. */
const WRITE = 5;
const READ = 1;
const MOST_ITEMS = 1_000;
const NAMES = ['caller', 'address', 'orders-hour', 'orders-day'] as const;

/** 0 is no limit. */
export interface RateOptions {
  /** Units a minute of one customer. */
  readonly callerMinute: number;
  /** Requests a minute of one address whose token is missing or not good. */
  readonly addressMinute: number;
  /** Orders of one customer. */
  readonly ordersHour: number;
  readonly ordersDay: number;
}

/** What one caller, or one address that is no caller's, may ask for in a time, all processes together. */
export class RateLimits {
  readonly windows: readonly RateWindow[];
  private readonly byName = new Map<string, RateWindow>();
  private readonly refused = counter({
    name: 'http_rate_limited_total',
    help: 'Requests that were refused since more came than one may send in a time',
    labelNames: ['limit'],
  });

  constructor({ callerMinute, addressMinute, ordersHour, ordersDay }: RateOptions, now?: () => number) {
    startAtZero(this.refused, { limit: [...NAMES] });
    const limits: readonly [name: (typeof NAMES)[number], most: number, windowMs: number][] = [
      ['caller', callerMinute, MINUTE_MS],
      ['address', addressMinute, MINUTE_MS],
      ['orders-hour', ordersHour, HOUR_MS],
      ['orders-day', ordersDay, 24 * HOUR_MS],
    ];
    for (const [name, most, windowMs] of limits)
      if (most > 0) this.byName.set(name, new RateWindow({ name, most, windowMs }, now));
    this.windows = [...this.byName.values()];
  }

  /** To be called after `authenticate`. */
  attach(fastify: FastifyInstance): void {
    const callers = this.byName.get('caller');
    if (callers)
      fastify.addHook('onRequest', (request, reply, done) => {
        const isRead = request.method === 'GET' || request.method === 'HEAD';
        done(this.charge(callers, request, reply, isRead ? READ : WRITE));
      });
    fastify.addHook('preHandler', (request, reply, done) => {
      if (request.method === 'POST' && request.routeOptions.url === '/v1/orders')
        done(this.chargeOrder(request, reply));
      else done();
    });
  }

  /** Of an address whose token is not known yet; to be asked before it is looked at. */
  strangerFault(address: string): AppError | undefined {
    const window = this.byName.get('address');
    const standing = window?.take(address, 0);
    return standing && this.faultOf(window!, standing);
  }

  /** Its token was missing, or no good. */
  noteStranger(address: string): void {
    this.byName.get('address')?.take(address, 1);
  }

  private chargeOrder(request: FastifyRequest, reply: FastifyReply): AppError | undefined {
    const { items } = (request.body ?? {}) as { items?: unknown };
    const lines = Array.isArray(items) ? Math.min(items.length, MOST_ITEMS) : 0;
    const callers = this.byName.get('caller');
    let fault = callers && lines > 0 ? this.charge(callers, request, reply, lines) : undefined;
    for (const name of ['orders-hour', 'orders-day']) {
      const window = this.byName.get(name);
      if (window) fault ??= this.charge(window, request, reply, 1);
    }
    return fault;
  }

  /** Operators are few, and known: they have no limit of this kind. */
  private charge(
    window: RateWindow,
    request: FastifyRequest,
    reply: FastifyReply,
    cost: number,
  ): AppError | undefined {
    const caller = callerOf(request);
    if (caller?.role !== 'customer') return undefined;
    const standing = window.take(callerKey(caller), cost);
    const { allowance } = window;
    // Of reads it is told when it begins to matter: two headers on each are a part of what a read costs.
    if (cost !== READ || standing.remaining < allowance.most / 2 || allowance.windowMs > MINUTE_MS)
      announce(reply, allowance, standing);
    return this.faultOf(window, standing);
  }

  private faultOf({ allowance }: RateWindow, { isAllowed, resetSeconds }: Standing): AppError | undefined {
    if (isAllowed) return undefined;
    this.refused.inc({ limit: allowance.name });
    if (!allowance.name.startsWith('orders-')) return new RateLimitedError(resetSeconds);
    const period = allowance.windowMs === HOUR_MS ? 'an hour' : 'a day';
    return new OrderQuotaError(allowance.most, period, resetSeconds);
  }
}

/** As draft-ietf-httpapi-ratelimit-headers-10 has it; of several limits the last one that was looked at. */
function announce(reply: FastifyReply, { name, most, windowMs }: Allowance, standing: Standing): void {
  reply
    .header('RateLimit-Policy', `"${name}";q=${most};w=${windowMs / 1_000}`)
    .header('RateLimit', `"${name}";r=${standing.remaining};t=${standing.resetSeconds}`);
}
