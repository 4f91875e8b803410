import { Logger } from '@nestjs/common';
import { AmbiguousCacheIdError } from './decorator.errors.js';
import { type AsyncMethod, nameOf, replaceMethod } from './replace-method.js';

const logger = new Logger('Invalidates');

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
 * Invalidates once the method has ended, and answers after that. The write must be committed by then: a method that runs
 * inside a transaction of its caller is too early. A method that throws may have committed all the same, when only the
 * answer to its COMMIT was lost: then `ids` and `tags` are called with `undefined` for its answer. What they can't make
 * from the arguments alone is not invalidated, which is written to the log once.
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
    let isTold = false;
    replaceMethod(target, descriptor, where, async ({ cache, args, proceed }) => {
      const of = (choose: IdsOf | undefined, result: unknown): string[] =>
        choose === undefined ? [] : [choose(result as never, ...(args as never[]))].flat();
      const drop = async (ids: string[], tags: string[]): Promise<void> => {
        await Promise.all([
          ids.length > 0 ? cache.invalidate(namespace, ...ids) : undefined,
          tags.length > 0 ? cache.invalidateTags(...tags) : undefined,
        ]);
      };
      let result: unknown;
      try {
        result = await proceed();
      } catch (error) {
        const choices = [options.ids, options.tags].map((choose) => attempt(() => of(choose, undefined)));
        if (choices.includes(undefined) && !isTold) {
          isTold = true;
          logger.warn(
            `${where} has failed, and what to invalidate is made from its answer: make it from arguments`,
          );
        }
        await drop(choices[0] ?? [], choices[1] ?? []).catch((fault: unknown) => logger.error(fault));
        throw error;
      }
      await drop(of(options.ids, result), of(options.tags, result));
      return result;
    });
  };
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
