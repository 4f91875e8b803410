import type { FastifyRequest } from 'fastify';

/** The route that a request has found. */
export interface FoundRoute {
  /** As it was registered, such as `/v1/orders/:id`; undefined where the path leads nowhere. */
  readonly url: string | undefined;
  /** Its Fastify `config`. */
  readonly config: object;
}

const FOUND = Symbol('FOUND');
type Asked = FastifyRequest & { [FOUND]?: FoundRoute };

/** For hooks, several of which ask for each request: Fastify puts `routeOptions` together anew each time. */
export function routeFound(request: Asked): FoundRoute {
  return (request[FOUND] ??= request.routeOptions);
}
