import type { ReadOptions } from '../multi-level-cache.js';
import { AmbiguousCacheIdError } from './decorator.errors.js';
import { type AsyncMethod, replaceMethod } from './replace-method.js';

type IdOf = (...args: never[]) => string;

export interface CachedOptions<Id extends IdOf = IdOf> extends ReadOptions {
  /** A declared namespace; one for each method, or two methods with equal ids answer for each other. */
  readonly namespace: string;
  /**
   * The id for these arguments: two argument lists that have different answers must have different ids. Annotate the
   * parameters. Without it the method must take exactly one string, which is the id.
   */
  readonly id?: Id;
}

/** Without an id the parameters must be one string; with one, it must take them. */
type HasId<Id extends IdOf, M extends AsyncMethod> = [Id] extends [never]
  ? Parameters<M> extends [string]
    ? unknown
    : { readonly id: 'give @Cached an id: the method does not take exactly one string' }
  : Id extends (...args: Parameters<M>) => string
    ? unknown
    : { readonly id: 'id does not take the arguments of the method' };

/** A type that has `undefined` would promise what comes back as null. `unknown` promises nothing. */
type AnswersNull<R> = unknown extends R
  ? unknown
  : undefined extends R
    ? { readonly answers: 'a cached method answers null for absent, never undefined' }
    : unknown;

type Fits<Id extends IdOf, M extends AsyncMethod> = HasId<Id, M> & AnswersNull<Awaited<ReturnType<M>>>;

/**
 * Answers from the cache; the method is the loader, so it runs once for any number of callers. Answers are plain JSON
 * data, deep-frozen; `undefined` comes back as `null`.
 *
 * The call throws CacheMissingError, AmbiguousCacheIdError, and what `getOrLoad` throws.
 * @throws AmbiguousCacheIdError at once, for a method that has no single parameter and no `id`, or is static.
 */
export function Cached<Id extends IdOf = never>(options: CachedOptions<Id>) {
  const { namespace, id: idOf, ...read } = options;
  return function <M extends AsyncMethod>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M> & Fits<Id, M>,
  ): void {
    const isStatic = typeof target === 'function';
    const where = `${(isStatic ? target : target.constructor).name}.${String(name)}`;
    if (isStatic) {
      throw new AmbiguousCacheIdError(where, 'a static method has no instance that could have a cache');
    }
    if (idOf === undefined && (descriptor.value as AsyncMethod).length !== 1) {
      throw new AmbiguousCacheIdError(
        where,
        'give @Cached an id: the method does not take exactly one string',
      );
    }
    replaceMethod(target, descriptor, where, async ({ cache, args, proceed }) => {
      const id: unknown = idOf === undefined ? soleString(where, args) : idOf(...(args as never[]));
      if (typeof id !== 'string')
        throw new AmbiguousCacheIdError(where, `id gave ${typeof id}, not a string`);
      return cache.getOrLoad(namespace, id, proceed, read);
    });
  };
}

/** More than one argument can come in behind a default or by a cast; dropping it would merge two calls. */
function soleString(where: string, args: readonly unknown[]): string {
  const [first] = args;
  if (args.length === 1 && typeof first === 'string') return first;
  const got = args.map((arg) => typeof arg).join(', ') || 'nothing';
  throw new AmbiguousCacheIdError(
    where,
    `give @Cached an id: it was called with (${got}), not with one string`,
  );
}
