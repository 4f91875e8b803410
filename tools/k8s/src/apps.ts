import { fileURLToPath } from 'node:url';
import type { z } from 'zod';

interface AppEnv {
  orderApiEnv: z.ZodObject;
  workerEnv: z.ZodObject;
}

/** Compiled where this is: a test runs on sources, the command on what `tsc` has made of them. */
const [folder, extension] = import.meta.url.endsWith('.ts') ? ['src', 'ts'] : ['dist', 'js'];

/** By a path that is put together: an application is no library, and a tool depends on none. */
function load(app: string, file: string): Promise<AppEnv> {
  const path = `../../../apps/${app}/${folder}/${file}.${extension}`;
  return import(/* @vite-ignore */ fileURLToPath(new URL(path, import.meta.url))) as Promise<AppEnv>;
}

/** What each application reads from its environment, by the name of its container. */
export async function appEnvironments(): Promise<Readonly<Record<string, z.ZodObject>>> {
  const { orderApiEnv } = await load('order-api', 'config/order-api.env');
  const { workerEnv } = await load('worker', 'worker.env');
  return { 'order-api': orderApiEnv, worker: workerEnv };
}
