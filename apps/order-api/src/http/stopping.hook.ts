import type { FastifyInstance } from 'fastify';
import { ServiceStoppingError } from './http.errors.js';

/**
 * Refuses what still comes by open connections once the process closes its ports. Fastify would do so by itself, with a
 * body of its own: `return503OnClosing: false` leaves it to this.
 */
export function refuseWhileStopping(fastify: FastifyInstance): void {
  let stopping = false;
  fastify.addHook('preClose', (done) => {
    stopping = true;
    done();
  });
  fastify.addHook('onRequest', (_request, _reply, done) =>
    done(stopping ? new ServiceStoppingError() : undefined),
  );
}
