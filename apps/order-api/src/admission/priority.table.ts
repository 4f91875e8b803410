import type { FastifyInstance } from 'fastify';
import { accessOf } from '../auth/access.js';
import type { Priority } from './admission.limit.js';

/** An id in a path. */
const ID = /\/\d+(?=\/|$)/g;

/**
 * Which priority a request has, by its method and path alone and in a microsecond: what is refused must cost hardly
 * anything. Routes for customers have one; those for operators alone and pages without a caller are never refused. What
 * leads nowhere, or is spelled as no client of ours does, is refused first.
 */
export class PriorityTable {
  private readonly routes = new Map<string, Priority | undefined>();

  /** To be called before routes are made. */
  attach(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url, config = {} }) => {
      for (const one of [method].flat())
        this.routes.set(`${one} ${url}`, accessOf(config) === 'customers' ? priorityOf(one, url) : undefined);
    });
  }

  /** Undefined for what is never refused. @param url with its query */
  of(method: string, url: string): Priority | undefined {
    const end = url.indexOf('?');
    const path = end === -1 ? url : url.slice(0, end);
    const exact = `${method} ${path}`;
    if (this.routes.has(exact)) return this.routes.get(exact);
    const template = `${method} ${path.replaceAll(ID, '/:id')}`;
    if (this.routes.has(template)) return this.routes.get(template);
    // What a browser asks before it calls costs nothing, and the call comes next.
    const isSpared = method === 'OPTIONS' || path.startsWith('/v1/admin/') || !path.startsWith('/v1/');
    return isSpared ? undefined : 'list';
  }
}

function priorityOf(method: string, url: string): Priority {
  if (method !== 'GET' && method !== 'HEAD') return 'write';
  return url.endsWith('/:id') ? 'read' : 'list';
}
