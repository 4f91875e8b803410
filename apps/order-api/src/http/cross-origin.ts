import fastifyCors, { type FastifyCorsOptions, type FastifyCorsOptionsDelegateCallback } from '@fastify/cors';
import { arrivedOnManagementPort } from '@fourfold/observability';
import type { FastifyInstance } from 'fastify';
import { allow } from '../auth/access.js';

/** A page's script sees of an answer's headers these and a few that every browser shows. */
const EXPOSED = [
  'Deprecation',
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Sunset',
  'Warning',
  'X-Consistency-Token',
  'X-Request-Id',
];

const SENT = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'X-Consistency-Token',
  'X-Request-Id',
];

const PREFLIGHT_KEPT_SECONDS = 7_200;

/**
 * Has browsers let pages of these origins call the API (CORS). A preflight is answered before the token is asked for, which
 * it does not carry. Without origins nothing is said about any, and browsers refuse.
 */
export async function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  const options: FastifyCorsOptions = {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: SENT,
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_KEPT_SECONDS,
    strictPreflight: false,
  };
  // What the plugin has for preflights is a route like any other, which must say who may call it.
  fastify.addHook('onRoute', (route) => {
    if (route.method === 'OPTIONS' && route.url === '*')
      route.config = { ...route.config, ...allow('public') };
  });
  const delegator: FastifyCorsOptionsDelegateCallback = (request, decide) => {
    decide(null, arrivedOnManagementPort(request.raw) ? { origin: false } : options);
  };
  await fastify.register(fastifyCors, { delegator });
}
