import { PATIENT_CACHE, type RedisServerFixture } from '@fourfold-tools/testing';
import { Get, Injectable, Module, Scope } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { CacheModule } from '../cache.module.js';
import { MultiLevelCache } from '../multi-level-cache.js';
import { GatedLoader } from '../testing/gated-loader.js';
import { useCaches } from '../testing/cache-fixture.js';
import { useCache } from './replace-method.js';
import { Cached } from './cached.decorator.js';

const fixture = useCaches();
let server: RedisServerFixture;
let cache: MultiLevelCache;
beforeEach(() => void ({ server } = fixture));
beforeEach(async () => void ({ cache } = await fixture.caches.open(fixture.prefix)));

class Users {
  finds = 0;

  constructor(private readonly rows: Record<string, unknown> = { 1: { name: 'Ada' } }) {}

  @Cached({ namespace: 'user' })
  async find(id: string): Promise<unknown> {
    this.finds += 1;
    return this.rows[id];
  }

  @Cached({ namespace: 'user', id: (tenant: string, id: number) => `${tenant.length}:${tenant}:${id}` })
  async findOf(tenant: string, id: number): Promise<string> {
    this.finds += 1;
    return `${tenant}/${id}`;
  }

  @Cached({ namespace: 'user', ttlMs: 5_000, jitter: 0 })
  async short(id: string): Promise<string> {
    this.finds += 1;
    return id;
  }
}

describe('@Cached', () => {
  it('answers from the cache under its only argument, and runs the method with its own this', async () => {
    const users = useCache(new Users(), cache);
    expect(await users.find('1')).toEqual({ name: 'Ada' });
    expect(await users.find('1')).toEqual({ name: 'Ada' });
    expect(users.finds).toBe(1);
    expect(await cache.peek('user', '1')).toEqual({ value: { name: 'Ada' } });
  });

  it('shares an answer between instances, deep-frozen', async () => {
    const answer = await useCache(new Users(), cache).find('1');
    const other = useCache(new Users({}), cache);
    expect(await other.find('1')).toEqual(answer);
    expect(other.finds).toBe(0);
    expect(Object.isFrozen(answer)).toBe(true);
  });

  it('gives null for undefined, and remembers it', async () => {
    const users = useCache(new Users(), cache);
    expect(await users.find('2')).toBeNull();
    expect(await users.find('2')).toBeNull();
    expect(users.finds).toBe(1);
  });

  it('keeps apart by its id what joined arguments would merge', async () => {
    const users = useCache(new Users(), cache);
    const naive = (tenant: string, id: number): string => `${tenant}:${id}`;
    expect(naive('a:1', 2)).toBe(naive('a', '1:2' as unknown as number));
    expect(await users.findOf('a:1', 2)).toBe('a:1/2');
    expect(await users.findOf('a', '1:2' as unknown as number)).toBe('a/1:2');
  });

  it('runs once for concurrent callers', async () => {
    const loader = new GatedLoader(() => 'v');
    class Slow {
      @Cached({ namespace: 'user' })
      async find(_id: string): Promise<string> {
        return loader.load();
      }
    }
    const slow = useCache(new Slow(), cache);
    const answers = Promise.all([slow.find('1'), slow.find('1'), slow.find('1')]);
    await loader.started;
    loader.release();
    expect(await answers).toEqual(['v', 'v', 'v']);
    expect(loader.calls).toBe(1);
  });

  it('passes on what the method throws, and caches nothing of it', async () => {
    let isBroken = true;
    class Flaky {
      @Cached({ namespace: 'user' })
      async find(_id: string): Promise<string> {
        if (isBroken) throw new Error('database is away');
        return 'v';
      }
    }
    const flaky = useCache(new Flaky(), cache);
    await expect(flaky.find('1')).rejects.toThrow('database is away');
    isBroken = false;
    expect(await flaky.find('1')).toBe('v');
  });

  it('passes its options on to the read', async () => {
    const users = useCache(new Users(), cache);
    await users.short('1');
    expect(await fixture.redis.pttl(fixture.valueKey('user', '1'))).toBeLessThanOrEqual(5_000);
  });

  it('keeps name, length and what other decorators have said of the method, on either side', () => {
    class Controller {
      @Get('above')
      @Cached({ namespace: 'user' })
      async above(_id: string): Promise<null> {
        return null;
      }

      @Cached({ namespace: 'user' })
      @Get('below')
      async below(_id: string): Promise<null> {
        return null;
      }
    }
    for (const name of ['above', 'below'] as const) {
      const method = Controller.prototype[name];
      expect([method.name, method.length]).toEqual([name, 1]);
      expect(Reflect.getMetadata(PATH_METADATA, method)).toBe(name);
      expect(Reflect.hasMetadata(METHOD_METADATA, method)).toBe(true);
    }
  });

  it('gets its cache from Nest in every scope, by inheritance too', async () => {
    @Injectable()
    class Single extends Users {
      constructor() {
        super();
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Single {
      @Cached({ namespace: 'user' })
      async more(id: string): Promise<string> {
        return id;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Single {}

    const namespaces = { user: { ttlMs: 60_000 } };
    const { prefix } = fixture;
    const options = { redis: server.url, prefix, namespaces, registry: new Registry(), ...PATIENT_CACHE };
    @Module({ imports: [CacheModule.forRoot(options)], providers: [Single, Transient, PerRequest] })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const transient = await app.resolve(Transient);
    expect(await app.get(Single).find('1')).toEqual({ name: 'Ada' });
    expect(await transient.find('1')).toEqual({ name: 'Ada' });
    expect(await transient.more('x')).toBe('x');
    expect(await (await app.resolve(PerRequest)).find('1')).toEqual({ name: 'Ada' });
    expect(app.get(MultiLevelCache).stats().namespaces['user']).toMatchObject({ loads: 2, l1Hits: 2 });
    await app.close();
  });

  it('keeps Nest from starting where there is no cache to inject', async () => {
    @Injectable()
    class Reader {
      @Cached({ namespace: 'user' })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    @Module({ providers: [Reader] })
    class AppModule {}

    const starting = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(starting).rejects.toThrow(/dependencies of the Reader.*MultiLevelCache/s);
  });
});
