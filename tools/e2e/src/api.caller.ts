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

/** Calls the API as its users do. */
export class ApiCaller {
  constructor(
    readonly baseUrl: string,
    private readonly token: string,
    private readonly personal?: PersonalData,
  ) {}

  as(token: string): ApiCaller {
    return new ApiCaller(this.baseUrl, token, this.personal);
  }

  /** @param path after `/v1` */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<Answer<T>> {
    const { body, rawBody, headers = {}, token = this.token, signal } = options;
    const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    this.personal?.addCall(path, payload);
    const response = await fetch(`${this.baseUrl}/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    expectNoInsides(response, text);
    return { status: response.status, headers: response.headers, text, body: parsed(text) as T };
  }

  get<T = Record<string, unknown>>(path: string): Promise<Answer<T>> {
    return this.call<T>('GET', path);
  }

  post<T = Record<string, unknown>>(
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    return this.call<T>('POST', path, { body, headers });
  }
}

const INSIDES =
  /\n\s+at \S|node_modules|\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.*\b(?:FROM|VALUES|SET|WHERE)\b|\bER_[A-Z_]+\b/;

/** Whatever a test makes go wrong, a caller is not told what the platform is made of. */
function expectNoInsides({ status, url }: Response, text: string): void {
  if (status >= 400 && INSIDES.test(text)) throw new Error(`A stack or SQL in the answer of ${url}: ${text}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
