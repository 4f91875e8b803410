import { consistencyEnv } from '@fourfold/db-routing';
import { portVariable } from '@fourfold/observability';
import { shopEnv } from '@shop/composition';
import { z } from 'zod';
import { apiRole } from './api-role.js';
import { originsVariable } from './origins.variable.js';
import { proxiesVariable } from './proxies.variable.js';

/** 0 for no limit. */
const limit = z.coerce.number({ error: 'must be a number, or 0 for no limit' }).int().min(0);

/** What order-api reads from its environment. */
export const orderApiEnv = shopEnv.safeExtend({
  ...consistencyEnv,
  PORT: portVariable,
  API_ROLE: apiRole.default('all'),
  /**
   * Milliseconds that nine of ten requests should be answered within: while they take longer, some are refused. 0: none
   * is.
   */
  ADMISSION_TARGET_MS: z.coerce.number().int().min(0).default(100),
  /** Origins whose pages may call the API from a browser, comma-separated. */
  CORS_ORIGINS: originsVariable,
  /**
   * Proxies whose `X-Forwarded-For` is believed, as addresses and networks, comma-separated: without them a client's
   * address is that of the connection.
   */
  TRUSTED_PROXIES: proxiesVariable,
  /** For how long browsers are told to come by HTTPS alone; 0: they are not told. */
  HSTS_SECONDS: z.coerce.number({ error: 'must be seconds' }).int().min(0).default(0),
  /** Units of one customer: a read is 1, a write 5, and each line of an order 1 more. An order has up to 1,000 lines. */
  RATE_MOST_PER_CALLER_MINUTE: limit
    .refine((most) => most === 0 || most >= 2_000, 'must be 2000 or more, or 0 for no limit')
    .default(60_000),
  /**
   * Requests of one address whose token is missing or not good. Only where the address is the client's: see
   * `TRUSTED_PROXIES`.
   */
  RATE_MOST_PER_ADDRESS_MINUTE: limit.default(0),
  ORDERS_MOST_PER_CUSTOMER_HOUR: limit.default(0),
  ORDERS_MOST_PER_CUSTOMER_DAY: limit.default(0),
  /** How long a link to confirm an e-mail address is good. */
  EMAIL_LINK_HOURS: z.coerce.number({ error: 'must be hours' }).positive().max(168).default(24),
  /** Whether `/docs` and `/openapi.json` are there. */
  DOCS_ENABLED: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
});
