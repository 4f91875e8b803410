/** Errors are wrapped a few times; what is deeper, or a circle, says nothing. */
const DEEPEST = 8;

/** What is away or busy says so by one of these; where it was noticed, and in which statement, says nothing more. */
const DEPENDENCY_CODES =
  /^(ECONN\w+|E(PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)|PROTOCOL_CONNECTION_LOST|POOL_\w+|ER_(OPTION_PREVENTS_STATEMENT|READ_ONLY_MODE|CON_COUNT_ERROR|SERVER_SHUTDOWN))$/;
const DEPENDENCY_NAMES = new Set(['MaxRetriesPerRequestError', 'ClusterAllFailedError']);
const DEPENDENCY_TEXTS =
  /^(Connection is closed|Stream isn't writeable|Command timed out|READONLY |LOADING )/;

/** Fields of a line that say what it is about; others (ids of requests, orders and messages) differ in each. */
const SUBJECT = ['context', 'code', 'queue', 'node', 'replica', 'cause', 'sql'] as const;

/** A number by itself, such as an amount or a time; that of `shard-1` belongs to its name. */
const NUMBER = /(?<![\w-])\d+(?![\w-])/g;

export interface LogFields {
  readonly err?: unknown;
  /** Of a request that has ended. */
  readonly res?: { readonly statusCode?: number; readonly headersSent?: boolean };
  readonly [field: string]: unknown;
}

interface LooseError extends Error {
  code?: unknown;
  status?: unknown;
  dependency?: unknown;
  driverError?: unknown;
}

/** What two lines of the same fault have in common. */
export interface FaultIdentity {
  /** Of the error or refusal, as metrics name it. */
  readonly code: string;
  readonly key: string;
  /** Goes into the line that has the count. */
  readonly subject: LogFields;
}

/** @returns undefined for the line of a request that was not refused: each of them is written */
export function identify(fields: LogFields, text: string): FaultIdentity | undefined {
  const status = fields.res?.statusCode;
  if (status !== undefined) return isRefusal(status) ? ofRequest(status) : undefined;
  const chain = chainOf(fields.err);
  const known = [fields['code'], ...chain.map(({ code }) => code)].find((code) => typeof code === 'string');
  const code = known ?? chain[0]?.name ?? 'none';
  const about = SUBJECT.filter((name) => typeof fields[name] === 'string');
  const subject = { ...Object.fromEntries(about.map((name) => [name, fields[name]])), code };
  const texts = [text, ...chain.map(({ message }) => message)];
  return { code, key: JSON.stringify([subject, texts]).replace(NUMBER, '#'), subject };
}

/**
 * An error of a dependency that is away, or of a refusal, as the log has it: by its code, its message and what caused it.
 * @returns undefined for any other error, whose stack and statement say what to mend
 */
export function brief(error: unknown): object | undefined {
  const chain = chainOf(error);
  if (!chain.some(isOfDependency)) return undefined;
  const { name, code, message } = chain[0]!;
  const root = chain.at(-1)!;
  const cause = root === chain[0] ? {} : { cause: root.message };
  return { type: name, ...(code !== undefined && { code }), message, ...cause };
}

function ofRequest(status: number): FaultIdentity {
  const code = `http-${status}`;
  return { code, key: code, subject: { res: { statusCode: status, headersSent: true } } };
}

/** 429 and 503: the client is told to come again. */
function isRefusal(status: unknown): boolean {
  return status === 429 || status === 503;
}

function isOfDependency({ status, dependency, code, name, message }: LooseError): boolean {
  if (isRefusal(status) || typeof dependency === 'string') return true;
  if (typeof code === 'string' && DEPENDENCY_CODES.test(code)) return true;
  return DEPENDENCY_NAMES.has(name) || DEPENDENCY_TEXTS.test(message);
}

/** The error and what caused it, outermost first. TypeORM keeps the driver's error beside its own. */
function chainOf(error: unknown): LooseError[] {
  const chain: LooseError[] = [];
  for (let each = error; each instanceof Error && chain.length < DEEPEST;) {
    const loose: LooseError = each;
    chain.push(loose);
    each = loose.cause ?? loose.driverError;
  }
  return chain;
}
