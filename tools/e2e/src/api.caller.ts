import { createFourfoldClient, type FourfoldClient } from '@fourfold/client';
import type { BodyOf } from './known.answer.js';
import type { PersonalData } from './personal.data.js';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  /** The bytes as they came. */
  text: string;
  body: T;
}

export interface CallOptions {
  body?: unknown;
  /** Sent as it is, for bodies that are not JSON. */
  rawBody?: string;
  headers?: Record<string, string>;
  token?: string | null;
  signal?: AbortSignal;
}

/** Calls the API as its users do, and as those do who mean it ill. */
export class ApiCaller {
  /** For calls that are right. */
  readonly client: FourfoldClient;

  constructor(
    readonly baseUrl: string,
    private readonly token: string,
    private readonly personal?: PersonalData,
  ) {
    this.client = createFourfoldClient({ baseUrl, token, fetch: (request) => this.send(request) });
  }

  as(token: string): ApiCaller {
    return new ApiCaller(this.baseUrl, token, this.personal);
  }

  /**
   * Sends what the client would not: any body and header, no token, a method that there is not; and gives the answer to the byte.
   * @param path after `/v1`
   */
  call<const M extends string, const P extends string>(
    method: M,
    path: P,
    options?: CallOptions,
  ): Promise<Answer<BodyOf<M, P>>>;
  call<T>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>;
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer<unknown>> {
    const { body, rawBody, headers = {}, token = this.token, signal } = options;
    const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await this.send(
      new Request(`${this.baseUrl}/v1${path}`, {
        method,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(payload !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(payload !== undefined && { body: payload }),
        ...(signal && { signal }),
      }),
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  }

  get<const P extends string>(path: P): Promise<Answer<BodyOf<'get', P>>>;
  get<T>(path: string): Promise<Answer<T>>;
  get(path: string): Promise<Answer<unknown>> {
    return this.call('GET', path);
  }

  post<const P extends string>(
    path: P,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<BodyOf<'post', P>>>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<unknown>> {
    return this.call('POST', path, { body, headers });
  }

  private async send(request: Request): Promise<Response> {
    if (this.personal) this.personal.addCall(request.url, await request.clone().text());
    const response = await fetch(request);
    if (response.status >= 400) expectNoInsides(response.url, await response.clone().text());
    return response;
  }
}

const INSIDES =
  /\n\s+at \S|node_modules|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*\b(?:FROM|VALUES|SET|WHERE)\b|\bER_[A-Z_]+\b/;

/** Whatever a test makes go wrong, a caller is not told what the platform is made of. */
function expectNoInsides(url: string, text: string): void {
  if (INSIDES.test(text)) throw new Error(`A stack or SQL in the answer of ${url}: ${text}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
