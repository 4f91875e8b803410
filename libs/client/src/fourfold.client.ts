import createClient, { type Client } from 'openapi-fetch';
import type { paths } from './generated/api.js';

export interface FourfoldClientOptions {
  /** Without `/v1`, e.g. `https://orders.example`. */
  readonly baseUrl: string;
  /** A JWT; or a function that is asked for one before each request, where tokens are renewed. */
  readonly token: string | (() => string | Promise<string>);
  /** In place of the global `fetch`, e.g. one that tries again. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** `client.GET('/v1/orders/{id}', { params: { path: { id } } })` resolves with `data` or `error`, and the `response`. */
export type FourfoldClient = Client<paths>;

/** A client of the REST API that knows each path, parameter, body and error. It rejects where no answer comes. */
export function createFourfoldClient({ baseUrl, token, fetch }: FourfoldClientOptions): FourfoldClient {
  const client = createClient<paths>({ baseUrl, ...(fetch && { fetch }) });
  client.use({
    async onRequest({ request }) {
      const current = typeof token === 'string' ? token : await token();
      request.headers.set('authorization', `Bearer ${current}`);
    },
  });
  return client;
}
