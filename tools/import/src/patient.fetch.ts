import { createFourfoldClient, type FourfoldClient, type FourfoldClientOptions } from '@fourfold/client';
import { type ApiProblem, ApiUnreachable, problemFrom, UnexpectedAnswer } from './api.errors.js';
import { patientRetries, retryAfterMs, type RetryPolicy } from './retry.policy.js';

export interface PatientFetchOptions {
  readonly retries?: RetryPolicy;
  /** Ends requests and waits when the user presses Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
  /** One try; a server that hangs counts as one that did not answer. */
  readonly timeoutMs?: number;
}

const BUSY_STATUSES = new Set([429, 502, 503, 504]);

/**
 * A `fetch` for `createFourfoldClient` that tries again, for calls that may be repeated: every call of this package either
 * only reads, sets a value, is guarded by a unique column, or carries an `Idempotency-Key`. It rejects with
 *
 * - ApiProblem for any answer that is not 2xx, after retries where trying again makes sense
 * - ApiUnreachable when no answer came in any try
 * - UnexpectedAnswer when something else than the API answers at that address
 *
 * so that a result of the client always has its `data`.
 */
export function patientFetch({
  retries = patientRetries,
  signal,
  timeoutMs = 30_000,
}: PatientFetchOptions = {}): (request: Request) => Promise<Response> {
  return async (request) => {
    const call = `${request.method} ${request.url}`;
    for (let attempt = 1; ; attempt += 1) {
      const deadline = AbortSignal.timeout(timeoutMs);
      const ends = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
      const outcome = await wholeAnswer(request.clone(), ends).catch((error: unknown) => {
        signal?.throwIfAborted();
        return new ApiUnreachable(call, attempt, error);
      });
      if (outcome instanceof Response && outcome.ok) return expected(call, outcome);
      const failure = outcome instanceof Response ? await problemFrom(call, outcome) : outcome;
      if (attempt >= retries.attempts || !isTransient(failure)) throw failure;
      const header = outcome instanceof Response ? outcome.headers.get('retry-after') : null;
      await retries.pause(retries.delayMs(attempt, retryAfterMs(header, Date.now())), signal);
    }
  };
}

/** @param target the API without a final slash, e.g. `http://127.0.0.1:3000`, and a token */
export function patientClient({
  baseUrl,
  token,
  ...options
}: FourfoldClientOptions & PatientFetchOptions): FourfoldClient {
  return createFourfoldClient({ baseUrl, token, fetch: patientFetch(options) });
}

/** With its body, which may still break off after the headers. */
async function wholeAnswer(request: Request, signal: AbortSignal): Promise<Response> {
  const response = await fetch(request, { signal });
  return new Response((await response.text()) || null, response);
}

function isTransient(failure: ApiProblem | ApiUnreachable): boolean {
  if (failure instanceof ApiUnreachable) return true;
  return BUSY_STATUSES.has(failure.status) || failure.code === 'idempotency-in-progress';
}

/** All that this package asks for is a thing with an id, or a list. */
async function expected(call: string, response: Response): Promise<Response> {
  const text = await response.clone().text();
  let body: { id?: unknown; items?: unknown } | null;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    throw new UnexpectedAnswer(call, `the answer is not JSON: ${text.slice(0, 100)}`);
  }
  if (typeof body?.id === 'string' || Array.isArray(body?.items)) return response;
  throw new UnexpectedAnswer(call, `the answer is not what the API promises: ${text.slice(0, 100)}`);
}
