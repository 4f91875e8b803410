import { parseEnv } from '@fourfold/kernel';
import type { z } from 'zod';
import { workerEnv } from './worker.env.js';

/** Read once; nothing else looks at the environment. */
export const config: z.output<typeof workerEnv> = parseEnv('worker', workerEnv, process.env);
