export interface AppErrorOptions {
  /** What made it happen; kept for the log, never shown to a caller. */
  cause?: unknown;
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  /**
   * The dependency that seems to be away, by the name of its probe (`DependencyProbes`): the work itself may be right.
   * A caller that can wait asks the probe whether it is.
   */
  dependency?: string;
  /** What is wrong where, when the input has several faults. */
  errors?: readonly FieldError[];
}

export interface FieldError {
  /** Where in the input, e.g. `items.3.quantity`. */
  path: string;
  message: string;
}

/**
 * An error that callers are meant to see: `code` is stable and listed in `docs/errors.md`, `status` is the HTTP
 * status it becomes, and the message says what failed, for which thing, and what to do.
 */
export abstract class AppError extends Error {
  abstract readonly code: string;
  abstract readonly status: number;
  /** Short, the same for every occurrence of the code (RFC 9457 `title`). */
  abstract readonly title: string;
  readonly retryAfterSeconds: number | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly dependency: string | undefined;

  constructor(message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.errors = options.errors;
    this.dependency = options.dependency;
  }
}

/**
 * The base of the error class of one code, which has it as a static property too.
 * @param title see {@link AppError.title}
 */
export function appError<Code extends string>(code: Code, status: number, title: string): CodedError<Code> {
  abstract class Coded extends AppError {
    static readonly code = code;
    static readonly status = status;
    static readonly title = title;
    readonly code = code;
    readonly status = status;
    readonly title = title;
  }
  return Coded;
}

/** What every error of one code has in common: of the class, to be told of in a description of an API. */
export interface ErrorKind<Code extends string = string> {
  readonly code: Code;
  readonly status: number;
  readonly title: string;
}

type CodedError<Code extends string> = ErrorKind<Code> &
  (abstract new (message: string, options?: AppErrorOptions) => AppError & ErrorKind<Code>);
