/** The API's own answer that something can't be done (RFC 9457). */
export class ApiProblem extends Error {
  constructor(
    /** What was asked for, e.g. `POST /v1/orders`. */
    readonly call: string,
    readonly status: number,
    /** Stable name of the reason, e.g. `email-taken`; `http-<status>` when the answer was no problem document. */
    readonly code: string,
    readonly detail: string,
  ) {
    super(`${call}: ${status} ${code}: ${detail}`);
    this.name = 'ApiProblem';
  }
}

/** No answer at all, after every retry. */
export class ApiUnreachable extends Error {
  constructor(call: string, attempts: number, cause: unknown) {
    super(`${call}: no answer after ${attempts} attempts: ${reasonOf(cause)}`, { cause });
    this.name = 'ApiUnreachable';
  }
}

/** An answer, and not the one the contract promises: a proxy's page, or another service on that port. */
export class UnexpectedAnswer extends Error {
  constructor(call: string, what: string) {
    super(`${call}: ${what}`);
    this.name = 'UnexpectedAnswer';
  }
}

/** fetch says only "fetch failed"; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message || error.name;
}

export async function problemFrom(call: string, response: Response): Promise<ApiProblem> {
  const text = await response.text();
  const body = parseObject(text);
  const detail =
    typeof body['detail'] === 'string' ? body['detail'] : text.slice(0, 200) || response.statusText;
  const errors = Array.isArray(body['errors']) ? body['errors'].map(describeField) : [];
  const fields = errors.filter((field) => !detail.includes(field)).join('; ');
  return new ApiProblem(
    call,
    response.status,
    typeof body['code'] === 'string' ? body['code'] : `http-${response.status}`,
    fields === '' ? detail : `${detail} (${fields})`,
  );
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function describeField(field: unknown): string {
  const { path, message } = (field ?? {}) as { path?: unknown; message?: unknown };
  return `${String(path)}: ${String(message)}`;
}
