import type { FastifyInstance } from 'fastify';
import { type Access, accessOf } from '../auth/access.js';
import type { Priority } from './admission.limit.js';

/** Up to here a path has the version: what is behind it is the collection, and then an id. */
const VERSION = '/v1/';
const NEVER = 'never';

/**
 * Which priority a request has, by its method and path alone and in less than a microsecond: each request is looked up,
 * and what is refused must cost hardly anything. Routes for customers have a priority; those for operators alone and
 * pages without a caller are never refused. All else is refused first: what leads nowhere, and what is spelled as no client
 * of ours does, which Fastify may route to any of them.
 */
export class PriorityTable {
  private readonly byMethod = new Map<string, Map<string, Priority | typeof NEVER>>();

  /** To be called before routes are made. */
  attach(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url, config = {} }) => {
      for (const one of [method].flat()) {
        const routes = this.byMethod.get(one) ?? new Map<string, Priority | typeof NEVER>();
        this.byMethod.set(
          one,
          routes.set(url, isRefusable(accessOf(config), one) ? priorityOf(one, url) : NEVER),
        );
      }
    });
  }

  /** Undefined for what is never refused. @param url with its query */
  of(method: string, url: string): Priority | undefined {
    const end = url.indexOf('?');
    const path = end === -1 ? url : url.slice(0, end);
    const found = this.byMethod.get(method)?.get(templateOf(path));
    if (found !== undefined) return found === NEVER ? undefined : found;
    // What a browser asks before it calls costs nothing, and the call comes next.
    const isSpared = method === 'OPTIONS' || path.startsWith('/v1/admin/');
    return isSpared ? undefined : 'list';
  }
}

/** `/v1/users/7/orders` as its route has it: `/v1/users/:id/orders`. */
function templateOf(path: string): string {
  const collectionEnd = path.indexOf('/', VERSION.length);
  if (collectionEnd === -1 || !isDigit(path.charCodeAt(collectionEnd + 1))) return path;
  const idEnd = path.indexOf('/', collectionEnd + 1);
  return `${path.slice(0, collectionEnd)}/:id${idEnd === -1 ? '' : path.slice(idEnd)}`;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** What changes something without a caller costs as much as with one. */
function isRefusable(access: Access | undefined, method: string): boolean {
  return access === 'customers' || (access === 'public' && changes(method));
}

const changes = (method: string): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method);

function priorityOf(method: string, url: string): Priority {
  if (method !== 'GET' && method !== 'HEAD') return 'write';
  return url.endsWith('/:id') ? 'read' : 'list';
}
