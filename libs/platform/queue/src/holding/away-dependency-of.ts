import { isConnectionError, MAIN_DATABASE } from '@fourfold/db-routing';

/** Errors are wrapped a few times; what is deeper, or a circle, says nothing. */
const DEEPEST = 8;

/**
 * The dependency that is away if `error` is right, by the name of its probe: what it, or an error that caused it, gives as
 * `dependency` (`AppError`), else the main database where a connection broke without a name.
 * @returns undefined for any other error
 */
export function awayDependencyOf(error: unknown): string | undefined {
  const chain: object[] = [];
  for (let each: unknown = error; isObject(each) && chain.length < DEEPEST; each = causeOf(each))
    chain.push(each);
  const named = chain.map((each) => (each as { dependency?: unknown }).dependency);
  const name = named.find((each) => typeof each === 'string');
  return name ?? (chain.some(isConnectionError) ? MAIN_DATABASE : undefined);
}

/** TypeORM keeps the driver's error beside its own. */
function causeOf(error: object): unknown {
  const { cause, driverError } = error as { cause?: unknown; driverError?: unknown };
  return cause ?? driverError;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
