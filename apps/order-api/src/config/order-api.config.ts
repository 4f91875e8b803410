import { parseEnv } from '@fourfold/kernel';
import { fromFiles } from '@fourfold/observability';
import type { z } from 'zod';
import { orderApiEnv } from './order-api.env.js';

export type OrderApiConfig = z.output<typeof orderApiEnv>;

/** Read once, with the files that it names; nothing else looks at the environment. */
export const config: OrderApiConfig = parseEnv(
  'order-api',
  orderApiEnv,
  fromFiles('order-api', orderApiEnv, process.env),
);
