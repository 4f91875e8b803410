import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { MalformedJsonError } from './http.errors.js';

/**
 * Takes JSON in UTF-8 and nothing else: two bodies that differ are never taken for the same. An empty body is no body, whatever its content type says: many clients send the header
 * on a POST that has none. `__proto__` in a body is refused.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) done(null, undefined);
    else if (!isUtf8(body)) done(new MalformedJsonError(new Error('it is not UTF-8')));
    else {
      void parseJson(request, body.toString(), (error, value) =>
        done(error && new MalformedJsonError(error), value),
      );
    }
  });
}
