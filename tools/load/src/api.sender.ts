import { Pool } from 'undici';
import type { Answer, Call, Send } from './call.js';

/** An answer that takes longer is none. */
const TIMEOUT_MS = 30_000;

/**
 * Calls over connections that stay open, as an operator. Not by `@fourfold/client`: `fetch` and its objects would take
 * processor time from the API that is measured on the same machine.
 */
export class ApiSender {
  private readonly pool: Pool;

  constructor(
    baseUrl: string,
    private readonly token: string,
    connections: number,
  ) {
    this.pool = new Pool(baseUrl, {
      connections,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connectTimeout: 5_000,
    });
  }

  readonly send: Send = async ({ method, path, headers, body }: Call): Promise<Answer> => {
    const answer = await this.pool.request({
      method,
      path,
      headers: { authorization: `Bearer ${this.token}`, ...headers },
      body: body ?? null,
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  };

  /** Ends the connections; what is under way is broken off. */
  close(): Promise<void> {
    return this.pool.destroy();
  }
}
