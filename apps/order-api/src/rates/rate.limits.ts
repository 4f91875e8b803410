import type { Caller } from '@fourfold/auth';
import type { AppError } from '@fourfold/kernel';
import { counter, startAtZero } from '@fourfold/observability/metrics';
import { idempotencyKeySchema } from '@shop/contracts';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onSendHookHandler,
  preHandlerHookHandler,
} from 'fastify';
import { callerKey, callerOf } from '../auth/caller.js';
import { addressKey } from './address.key.js';
import { OrderQuotaError, RateLimitedError } from './rate.errors.js';
import { type Allowance, RateWindow, type Standing } from './rate.window.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** In units: about what each costs beside a read. */
const WRITE = 5;
const READ = 1;
const MOST_ITEMS = 1_000;
/** The most keys that one window counts in one process: a count takes some 150 bytes. */
const MOST_CALLERS = 200_000;
const MOST_ADDRESSES = 50_000;
const HELD = Symbol('HELD');
type Held = FastifyRequest & { [HELD]?: ((isSpent: boolean) => void)[] };
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

/** How much one caller, or one address without a good token, may ask for in a window of time, over all processes. */
export class RateLimits {
  readonly windows: readonly RateWindow[];
  private readonly byName = new Map<string, RateWindow>();
  private readonly refused = counter({
    name: 'http_rate_limited_total',
    help: 'Requests that were refused since more came than one may send in a time',
    labelNames: ['limit'],
  });
  private readonly uncounted = counter({
    name: 'http_rate_uncounted_total',
    help: 'Requests that were let through uncounted, since more callers came than a process counts',
    labelNames: ['limit'],
  });

  constructor({ callerMinute, addressMinute, ordersHour, ordersDay }: RateOptions, now?: () => number) {
    startAtZero(this.refused, { limit: [...NAMES] });
    startAtZero(this.uncounted, { limit: NAMES.filter((name) => name !== 'address') });
    const limits: readonly [name: (typeof NAMES)[number], most: number, windowMs: number][] = [
      ['caller', callerMinute, MINUTE_MS],
      ['address', addressMinute, MINUTE_MS],
      ['orders-hour', ordersHour, HOUR_MS],
      ['orders-day', ordersDay, 24 * HOUR_MS],
    ];
    for (const [name, most, windowMs] of limits) {
      const beyond =
        name === 'address'
          ? { mostKeys: MOST_ADDRESSES }
          : { mostKeys: MOST_CALLERS, uncounted: () => this.uncounted.inc({ limit: name }) };
      if (most > 0) this.byName.set(name, new RateWindow({ name, most, windowMs, ...beyond }, now));
    }
    this.windows = [...this.byName.values()];
  }

  /**
   * To be called after `authenticate`, and before routes are made.
   * @param wasPlaced whether this caller's key has an order already: its answer is given again, whatever the quota
   */
  attach(
    fastify: FastifyInstance,
    wasPlaced: (caller: Caller, idempotencyKey: string) => Promise<boolean>,
  ): void {
    const callers = this.byName.get('caller');
    if (callers)
      fastify.addHook('onRequest', (request, reply, done) => {
        const isRead = request.method === 'GET' || request.method === 'HEAD';
        done(this.charge(callers, request, reply, isRead ? READ : WRITE));
      });
    const chargeOrder: preHandlerHookHandler = (request, reply, done) => {
      const customer = customerOf(request);
      const fault = customer && this.chargeOrder(customer, request, reply);
      const key = idempotencyKeySchema.safeParse(request.headers['idempotency-key']);
      if (!(fault instanceof OrderQuotaError) || !key.success) return done(fault);
      void wasPlaced(customer!, key.data).then((placed) => done(placed ? undefined : fault), done);
    };
    fastify.addHook('onRoute', (route) => {
      if (route.url !== '/v1/orders' || ![route.method].flat().includes('POST')) return;
      route.preHandler = [route.preHandler ?? [], chargeOrder].flat();
      route.onSend = [route.onSend ?? [], settle].flat();
    });
  }

  /** The refusal of an address that has sent too many bad tokens. To be asked before a token is verified. */
  strangerFault(address: string): AppError | undefined {
    const window = this.byName.get('address');
    return window && this.faultOf(window, window.look(addressKey(address), 1));
  }

  /** Counts a request whose token was missing or not valid. */
  noteStranger(address: string): void {
    this.byName.get('address')?.take(addressKey(address), 1);
  }

  /** All that an order counts for, or nothing. The order itself is spent when it is placed. */
  private chargeOrder(customer: Caller, request: Held, reply: FastifyReply): AppError | undefined {
    const { items } = (request.body ?? {}) as { items?: unknown };
    const lines = Array.isArray(items) ? Math.min(items.length, MOST_ITEMS) : 0;
    const key = callerKey(customer);
    const callers = lines > 0 ? this.byName.get('caller') : undefined;
    const quotas = ['orders-hour', 'orders-day'].flatMap((name) => this.byName.get(name) ?? []);
    const standings = quotas.map((window) => ({ window, cost: 1, ...window.look(key, 1) }));
    if (callers)
      standings.unshift({ window: callers, cost: lines, ...callers.look(key, lines, WRITE + lines) });
    const [longest] = standings
      .filter(({ isAllowed }) => !isAllowed)
      .sort((a, b) => b.resetSeconds - a.resetSeconds);
    const last = longest ?? standings.at(-1);
    if (!last) return undefined;
    const left = longest ? last.remaining : last.remaining - last.cost;
    announce(reply, last.window.allowance, { ...last, remaining: left });
    if (longest) return this.faultOf(longest.window, longest);
    callers?.spend(key, lines);
    request[HELD] = quotas.map((window) => window.reserve(key, 1));
    return undefined;
  }

  /** Operators are few, and known: they have no limit of this kind. */
  private charge(
    window: RateWindow,
    request: FastifyRequest,
    reply: FastifyReply,
    cost: number,
  ): AppError | undefined {
    const customer = customerOf(request);
    if (!customer) return undefined;
    const standing = window.take(callerKey(customer), cost);
    // Of reads it is told when it begins to matter: two headers on each are a part of what a read costs.
    if (cost !== READ || standing.remaining < window.allowance.most / 2)
      announce(reply, window.allowance, standing);
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

function customerOf(request: FastifyRequest): Caller | undefined {
  const caller = callerOf(request);
  return caller?.role !== 'customer' ? undefined : caller;
}

/** An order counts when it is placed: not one that is refused, and not the answer to an earlier one. */
const settle: onSendHookHandler = (request: Held, reply, _payload, done) => {
  const isPlaced = reply.statusCode === 201 && !reply.hasHeader('Idempotency-Replayed');
  for (const end of request[HELD] ?? []) end(isPlaced);
  // An answer that can't be sent is followed by another one.
  delete request[HELD];
  done();
};

/** As draft-ietf-httpapi-ratelimit-headers-10 has it; of several limits the last one that was looked at. */
function announce(reply: FastifyReply, { name, most, windowMs }: Allowance, standing: Standing): void {
  reply
    .header('RateLimit-Policy', `"${name}";q=${most};w=${windowMs / 1_000}`)
    .header('RateLimit', `"${name}";r=${standing.remaining};t=${standing.resetSeconds}`);
}
