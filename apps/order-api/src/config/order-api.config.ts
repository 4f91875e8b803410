import { parseEnv } from '@fourfold/kernel';
import type { z } from 'zod';
import { orderApiEnv } from './order-api.env.js';

export type OrderApiConfig = z.output<typeof orderApiEnv>;

/** Read once; nothing else looks at the environment. */
export const config: OrderApiConfig = parseEnv('order-api', orderApiEnv, process.env);
