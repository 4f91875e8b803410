import type { FastifyInstance } from 'fastify';
import { RateExchange } from './rate.exchange.js';
import { RateLimits } from './rate.limits.js';

export interface RatesConfig {
  readonly CACHE_REDIS_URL: string;
  readonly CACHE_PREFIX: string;
  readonly RATE_MOST_PER_CALLER_MINUTE: number;
  readonly RATE_MOST_PER_ADDRESS_MINUTE: number;
  readonly ORDERS_MOST_PER_CUSTOMER_HOUR: number;
  readonly ORDERS_MOST_PER_CUSTOMER_DAY: number;
}

/** Limits that this process shares with the others through the Redis of the cache, until the application closes. */
export function shareRates(fastify: FastifyInstance, config: RatesConfig): RateLimits {
  const limits = new RateLimits({
    callerMinute: config.RATE_MOST_PER_CALLER_MINUTE,
    addressMinute: config.RATE_MOST_PER_ADDRESS_MINUTE,
    ordersHour: config.ORDERS_MOST_PER_CUSTOMER_HOUR,
    ordersDay: config.ORDERS_MOST_PER_CUSTOMER_DAY,
  });
  const exchange = new RateExchange(limits.windows, {
    redis: { url: config.CACHE_REDIS_URL },
    prefix: config.CACHE_PREFIX,
  });
  exchange.start();
  fastify.addHook('onClose', () => exchange.stop());
  return limits;
}
