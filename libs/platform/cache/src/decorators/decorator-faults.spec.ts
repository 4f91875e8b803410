import { describe, expect, it } from 'vitest';
import type { MultiLevelCache } from '../multi-level-cache.js';
import { useCache } from './replace-method.js';
import { Cached } from './cached.decorator.js';
import { AmbiguousCacheIdError, CacheMissingError } from './decorator.errors.js';

/** Gives back what it would be asked for. */
const echo = { getOrLoad: async (...asked: unknown[]) => asked } as unknown as MultiLevelCache;

/** As JavaScript would call it, without the compiler's checks. */
const asWritten = (decorator: unknown) =>
  decorator as (target: object, name: string, descriptor: PropertyDescriptor) => void;

describe('@Cached', () => {
  it.each([
    ['two parameters', (_a: string, _b: string) => Promise.resolve(null)],
    ['none', () => Promise.resolve(null)],
    ['any number of them', (..._ids: string[]) => Promise.resolve(null)],
    ['one with a default', (_id = '') => Promise.resolve(null)],
  ])('without an id refuses a method with %s, where it is declared', (_what, method) => {
    const decorate = () =>
      asWritten(Cached({ namespace: 'user' }))({ constructor: class Users {} }, 'find', { value: method });
    expect(decorate).toThrow(AmbiguousCacheIdError);
    expect(decorate).toThrow('Users.find');
  });

  it('without an id refuses a call with more than one argument, or with anything but a string', async () => {
    class Users {
      @Cached({ namespace: 'user' })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const find = useCache(new Users(), echo).find as unknown as (...args: unknown[]) => Promise<unknown>;
    const call = (...args: unknown[]) => find.apply(useCache(new Users(), echo), args);
    expect(await call('1')).toEqual(['user', '1', expect.any(Function), {}]);
    for (const args of [[1], [], ['1', { tenant: 2 }], [undefined], [['1']]]) {
      await expect(call(...args)).rejects.toThrow(AmbiguousCacheIdError);
    }
  });

  it('refuses an id that is no string', async () => {
    class Users {
      @Cached({ namespace: 'user', id: (id: number) => id as unknown as string })
      async find(_id: number): Promise<null> {
        return null;
      }
    }
    await expect(useCache(new Users(), echo).find(1)).rejects.toThrow('Users.find: id gave number');
  });

  it('says which method of which class has no cache, and what to do', async () => {
    class Users {
      @Cached({ namespace: 'user' })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const call = new Users().find('1');
    await expect(call).rejects.toThrow(CacheMissingError);
    await expect(call).rejects.toThrow(/Users\.find .*CacheModule.*useCache\(instance, cache\)/);
  });

  it('refuses a static method', () => {
    const decorate = () => asWritten(Cached({ namespace: 'user' }))(class Users {}, 'find', {});
    expect(decorate).toThrow(/Users\.find: a static method/);
  });

  it('is checked by the compiler: an undefined answer, a foreign id, a method that is not async', () => {
    const declare = () => {
      class Faulty {
        // @ts-expect-error a missing user must be null
        @Cached({ namespace: 'user' })
        async undefinedAnswer(_id: string): Promise<string | undefined> {
          return undefined;
        }
        // @ts-expect-error the id is made from a number
        @Cached({ namespace: 'user', id: (id: number) => String(id) })
        async otherId(_id: string): Promise<null> {
          return null;
        }
        // @ts-expect-error two parameters and no id
        @Cached({ namespace: 'user' })
        async noId(_tenant: string, _id: string): Promise<null> {
          return null;
        }
        // @ts-expect-error not a promise
        @Cached({ namespace: 'user' })
        notAsync(id: string): string {
          return id;
        }
      }
      return Faulty;
    };
    expect(declare).toThrow(AmbiguousCacheIdError);
  });
});
