import { consistencyEnv } from '@fourfold/db-routing';
import { portVariable } from '@fourfold/observability';
import { shopEnv } from '@shop/composition';
import { z } from 'zod';
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
  /** Whether `/docs` and `/openapi.json` are there. */
  DOCS_ENABLED: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
});
