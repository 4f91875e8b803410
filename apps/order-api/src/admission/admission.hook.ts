import { monitorEventLoopDelay } from 'node:perf_hooks';
import { counter, gauge, startAtZero } from '@fourfold/observability/metrics';
import { routeFound } from '@fourfold/observability';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { accessOf } from '../auth/access.js';
import { OverloadedError } from '../http/http.errors.js';
import { AdmissionLimit, type Priority } from './admission.limit.js';

const WINDOW_MS = 100;
const LOOP_RESOLUTION_MS = 10;
/** What a process can always have in hand: below it hardly anything waits for anything else. */
const LEAST = 64;
const MOST = 2_048;
const NANOSECONDS = 1e6;

/**
 * Refuses what is more than the process can answer in time, before the token is checked and the body is read. What is
 * for operators alone, and pages without a caller, are never refused.
 * @param targetMs see `AdmissionOptions`; 0: nothing is refused
 */
export function refuseOverload(fastify: FastifyInstance, targetMs: number, least = LEAST): AdmissionLimit {
  const options = targetMs === 0 ? { targetMs: Infinity, most: Infinity } : { targetMs, most: MOST };
  const limit = new AdmissionLimit({ ...options, least });
  const shed = counter({
    name: 'http_shed_total',
    help: 'Requests that were refused since the process had more in hand than it can answer in time',
    labelNames: ['priority'],
  });
  startAtZero(shed, { priority: ['write', 'read', 'list'] });
  gauge({
    name: 'http_admission_limit',
    help: 'Requests that the process works on at once at the most',
    collect() {
      this.set(limit.limit);
    },
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const priority = priorityOf(request);
    if (priority === undefined || limit.admits(priority)) {
      done();
      return;
    }
    shed.inc({ priority });
    done(new OverloadedError(limit.retryAfterSeconds()));
  });
  watch(fastify, limit);
  return limit;
}

/** Counts a request as in hand from here on to its end. To be called after whatever lets requests wait for their turn. */
export function countInHand(fastify: FastifyInstance, limit: AdmissionLimit): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    const sinceMs = performance.now();
    limit.enter();
    reply.raw.once('close', () => limit.leave(performance.now() - sinceMs));
    done();
  });
}

function watch(fastify: FastifyInstance, limit: AdmissionLimit): void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  const timer = setInterval(() => {
    // A delay that is measured holds its own resolution.
    limit.adapt(Math.max(0, delay.percentile(90) / NANOSECONDS - LOOP_RESOLUTION_MS));
    delay.reset();
  }, WINDOW_MS).unref();
  fastify.addHook('onClose', (_instance, done) => {
    clearInterval(timer);
    delay.disable();
    done();
  });
}

/** Undefined for what is never refused. */
function priorityOf(request: FastifyRequest): Priority | undefined {
  const { url = '', config } = routeFound(request);
  if (accessOf(config) !== 'customers') return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') return 'write';
  return url.endsWith('/:id') ? 'read' : 'list';
}
