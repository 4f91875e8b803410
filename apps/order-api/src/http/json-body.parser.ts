import type { FastifyInstance } from 'fastify';
import { MalformedJsonError } from './http.errors.js';

/**
 * Takes JSON and nothing else. An empty body is no body, whatever its content type says: many clients send the header
 * on a POST that has none. `__proto__` in a body is refused.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else {
      void parseJson(request, body as string, (error, value) =>
        done(error && new MalformedJsonError(error), value),
      );
    }
  });
}
