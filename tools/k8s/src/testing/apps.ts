import { join } from 'node:path';
import type { z } from 'zod';
import { root } from './overlay.js';

interface AppEnv {
  orderApiEnv: z.ZodObject;
  workerEnv: z.ZodObject;
}

/** By a path that is put together: an application is no library, and a tool that runs does not know it. */
const load = (path: string) => import(/* @vite-ignore */ join(root, path)) as Promise<AppEnv>;

/** What each application reads from its environment, by the name of its container. */
export async function appEnvironments(): Promise<Readonly<Record<string, z.ZodObject>>> {
  const { orderApiEnv } = await load('apps/order-api/src/config/order-api.env.ts');
  const { workerEnv } = await load('apps/worker/src/worker.env.ts');
  return { 'order-api': orderApiEnv, worker: workerEnv };
}
