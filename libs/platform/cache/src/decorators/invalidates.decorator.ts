import { AmbiguousCacheIdError } from './decorator.errors.js';
import { type AsyncMethod, nameOf, replaceMethod } from './replace-method.js';

type IdsOf = (result: never, ...args: never[]) => string | readonly string[];

export interface InvalidatesOptions<Ids extends IdsOf, Tags extends IdsOf> {
  readonly namespace: string;
  /** What to drop, from the method's answer and its arguments. Annotate the parameters; none need be taken. */
  readonly ids: Ids;
  readonly tags?: Tags;
}

type Takes<M extends AsyncMethod> = (
  result: Awaited<ReturnType<M>>,
  ...args: Parameters<M>
) => string | readonly string[];

type Fits<Ids, Tags, M extends AsyncMethod> =
  Ids extends Takes<M>
    ? Tags extends Takes<M>
      ? unknown
      : { readonly tags: 'tags does not take the answer and the arguments of the method' }
    : { readonly ids: 'ids does not take the answer and the arguments of the method' };

/**
 * Invalidates once the method has resolved, and answers after that; a method that throws invalidates nothing. The write
 * must be committed by then: a method that runs inside a transaction of its caller is too early.
 *
 * Without a cache the method does not run: CacheMissingError.
 */
export function Invalidates<Ids extends IdsOf, Tags extends IdsOf = () => string[]>(
  options: InvalidatesOptions<Ids, Tags>,
) {
  const { namespace } = options;
  return function <M extends AsyncMethod>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M> & Fits<Ids, Tags, M>,
  ): void {
    const where = nameOf(target, name);
    if (typeof target === 'function') {
      throw new AmbiguousCacheIdError(where, 'a static method has no instance that could have a cache');
    }
    replaceMethod(target, descriptor, where, async ({ cache, args, proceed }) => {
      const result = await proceed();
      const of = (choose: IdsOf | undefined): string[] =>
        choose === undefined ? [] : [choose(result as never, ...(args as never[]))].flat();
      const ids = of(options.ids);
      const tags = of(options.tags);
      await Promise.all([
        ids.length > 0 ? cache.invalidate(namespace, ...ids) : undefined,
        tags.length > 0 ? cache.invalidateTags(...tags) : undefined,
      ]);
      return result;
    });
  };
}
