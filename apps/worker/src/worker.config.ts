import { parseEnv } from '@fourfold/kernel';
import { fromFiles } from '@fourfold/observability';
import type { z } from 'zod';
import { workerEnv } from './worker.env.js';

/** Read once, with the files that it names; nothing else looks at the environment. */
export const config: z.output<typeof workerEnv> = parseEnv(
  'worker',
  workerEnv,
  fromFiles('worker', workerEnv, process.env),
);
