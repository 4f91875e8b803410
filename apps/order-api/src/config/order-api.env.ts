import { consistencyEnv } from '@fourfold/db-routing';
import { portVariable } from '@fourfold/observability';
import { shopEnv } from '@shop/composition';
import { z } from 'zod';
import { originsVariable } from '../http/cross-origin.js';
import { apiRole } from './api-role.js';

/** What order-api reads from its environment. */
export const orderApiEnv = shopEnv.safeExtend({
  ...consistencyEnv,
  PORT: portVariable,
  API_ROLE: apiRole.default('all'),
  /**
   * Milliseconds that nine of ten requests should be answered within: while they take longer, some are refused. 0: none
   * is.
   */
  ADMISSION_TARGET_MS: z.coerce.number().int().min(0).default(0),
  /** Origins whose pages may call the API from a browser, comma-separated. */
  CORS_ORIGINS: originsVariable,
  /** For how long browsers are told to come by HTTPS alone; 0: they are not told. */
  HSTS_SECONDS: z.coerce.number({ error: 'must be seconds' }).int().min(0).default(0),
  /** Whether `/docs` and `/openapi.json` are there. */
  DOCS_ENABLED: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
});
