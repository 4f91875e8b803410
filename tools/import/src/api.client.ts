import { ApiUnreachable, problemFrom, UnexpectedAnswer, type ApiProblem } from './api.errors.js';
import { patientRetries, retryAfterMs, type RetryPolicy } from './retry.policy.js';

export interface ApiClientOptions {
  /** Without a final slash, e.g. `http://127.0.0.1:3000`. */
  baseUrl: string;
  token: string;
  retries?: RetryPolicy;
  /** Ends requests and waits when the user presses Ctrl-C. */
  signal?: AbortSignal | undefined;
  /** One try; a server that hangs counts as one that did not answer. */
  timeoutMs?: number;
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface ApiReply {
  /** The decoded JSON body. */
  body: unknown;
  headers: Headers;
}

const BUSY_STATUSES = new Set([429, 502, 503, 504]);

/**
 * JSON over HTTP with retries, for calls that may be repeated: every call of this package either only reads, sets a
 * value, is guarded by a unique column, or carries an `Idempotency-Key`. Connections are kept alive by Node's fetch.
 */
export class ApiClient {
  private readonly retries: RetryPolicy;

  constructor(private readonly options: ApiClientOptions) {
    this.retries = options.retries ?? patientRetries;
  }

  /**
   * @throws ApiProblem for any answer that is not 2xx, after retries where trying again makes sense.
   * @throws ApiUnreachable when no answer came in any try.
   */
  async send(request: ApiRequest): Promise<ApiReply> {
    const call = `${request.method} ${this.options.baseUrl}${request.path}`;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.attempt(call, request);
      if ('reply' in outcome) return outcome.reply;
      if (attempt >= this.retries.attempts) throw outcome.giveUp(attempt);
      await this.retries.pause(this.retries.delayMs(attempt, outcome.retryAfterMs), this.options.signal);
    }
  }

  /** Tries once; what is worth another try comes back as a value, what is not is thrown. */
  private async attempt(
    call: string,
    request: ApiRequest,
  ): Promise<{ reply: ApiReply } | { retryAfterMs: number; giveUp(attempts: number): Error }> {
    const { signal, timeoutMs = 30_000, token } = this.options;
    const deadline = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let text: string;
    let problem: ApiProblem | undefined;
    try {
      response = await fetch(`${this.options.baseUrl}${request.path}`, {
        method: request.method,
        headers: {
          accept: 'application/json, application/problem+json',
          authorization: `Bearer ${token}`,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...request.headers,
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
      problem = response.ok ? undefined : await problemFrom(call, response);
      text = problem === undefined ? await response.text() : '';
    } catch (error) {
      signal?.throwIfAborted();
      return { retryAfterMs: 0, giveUp: (attempts) => new ApiUnreachable(call, attempts, error) };
    }
    if (problem === undefined) return { reply: { body: parseJson(call, text), headers: response.headers } };
    const final = problem;
    if (!isTransient(final)) throw final;
    return {
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
      giveUp: () => final,
    };
  }
}

function isTransient(problem: ApiProblem): boolean {
  return BUSY_STATUSES.has(problem.status) || problem.code === 'idempotency-in-progress';
}

function parseJson(call: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnexpectedAnswer(call, `the answer is not JSON: ${text.slice(0, 100)}`);
  }
}
