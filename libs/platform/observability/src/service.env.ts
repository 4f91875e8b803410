import { z } from 'zod';
import type { HttpDeadlines } from './http/http.server.js';
import { tracingEnv } from './tracing/tracing.env.js';

/** TCP port as an environment variable. */
export const portVariable = z.coerce
  .number({ error: 'must be a TCP port, 1 to 65535' })
  .int()
  .min(1)
  .max(65_535);

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const milliseconds = z.coerce.number({ error: 'must be milliseconds' }).int().positive();

/** What every service reads from its environment, to be spread into an app's own schema. */
export const serviceEnv = {
  HOST: z.string().default('0.0.0.0'),
  MANAGEMENT_PORT: portVariable,
  /** In a container, which has a loopback of its own: `0.0.0.0`. */
  MANAGEMENT_HOST: z.string().default('127.0.0.1'),
  HTTP_REQUEST_TIMEOUT_MS: milliseconds.optional(),
  HTTP_ANSWER_TIMEOUT_MS: milliseconds.optional(),
  HTTP_DRAIN_TIMEOUT_MS: milliseconds.optional(),
  HTTP_MAX_CONNECTIONS: z.coerce
    .number({ error: 'must be a number of connections' })
    .int()
    .positive()
    .optional(),
  LOG_LEVEL: z.enum(logLevels).default('info'),
  /** Of requests answered below 400, the share whose line is written. */
  LOG_SUCCESS_SHARE: z.coerce.number({ error: 'must be a share, 0 to 1' }).min(0).max(1).default(1),
  ...tracingEnv,
};

interface DeadlineVariables {
  HTTP_REQUEST_TIMEOUT_MS?: number | undefined;
  HTTP_ANSWER_TIMEOUT_MS?: number | undefined;
  HTTP_DRAIN_TIMEOUT_MS?: number | undefined;
  HTTP_MAX_CONNECTIONS?: number | undefined;
}

/** @param env as `serviceEnv` has parsed it */
export function httpDeadlinesOf(env: DeadlineVariables): HttpDeadlines {
  return {
    requestTimeoutMs: env.HTTP_REQUEST_TIMEOUT_MS,
    answerTimeoutMs: env.HTTP_ANSWER_TIMEOUT_MS,
    drainTimeoutMs: env.HTTP_DRAIN_TIMEOUT_MS,
    maxConnections: env.HTTP_MAX_CONNECTIONS,
  };
}
