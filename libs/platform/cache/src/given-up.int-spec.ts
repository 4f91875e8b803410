import { ClientGoneError, TimeBudget } from '@fourfold/kernel';
import { currentBudget, runWithin } from '@fourfold/observability/request-context';
import { eventually } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { never, useCaches } from './testing/cache-fixture.js';
import { GatedLoader } from './testing/gated-loader.js';

const fixture = useCaches();

/** The time of a request whose client may hang up. */
class LeavingRequest extends TimeBudget {
  isGone = false;

  constructor(ms = 600_000) {
    super(performance.now() + ms, () => this.isGone);
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return runWithin(this, work);
  }
}

/** As a database does: it looks at the time that its statement has, and ends when that is over. */
class WatchedLoader {
  calls = 0;
  ended: string | undefined;
  private readonly done = Promise.withResolvers<string>();
  private readonly begun = Promise.withResolvers<void>();

  readonly load = async (): Promise<string> => {
    this.calls += 1;
    this.begun.resolve();
    const budget = currentBudget();
    const over = eventually(
      () => {
        const failure = budget?.failure();
        return failure ?? false;
      },
      { deadlineMs: 60_000, everyMs: 5 },
    );
    try {
      return await Promise.race([this.done.promise, over.then((failure) => Promise.reject(failure))]);
    } catch (error) {
      this.ended = (error as { code: string }).code;
      throw error;
    }
  };

  get started(): Promise<void> {
    return this.begun.promise;
  }

  give(value: string): void {
    this.done.resolve(value);
  }
}

const codeOf = (error: { code?: string }) => error.code;

describe('a load that several callers wait for', () => {
  it('naive twin: ends for all of them when it has the time of the first', async () => {
    const first = new LeavingRequest();
    const loader = new WatchedLoader();
    const flight = first.run(loader.load);
    const callers = [flight, flight].map((each) => each.catch(codeOf));
    await loader.started;
    first.isGone = true;
    expect(await Promise.all(callers)).toEqual(['client-gone', 'client-gone']);
  });

  it.each([{ skipL1: false }, { skipL1: true }])(
    'goes on for those that still wait, and for one that has no limit; %o',
    async (options) => {
      const { cache } = await fixture.caches.open(fixture.prefix);
      const loader = new WatchedLoader();
      const [first, second] = [new LeavingRequest(), new LeavingRequest()];
      const get = () => cache.getOrLoad('user', '1', loader.load, options);
      const gone = first.run(get).catch(codeOf);
      await loader.started;
      const [still, unlimited] = [second.run(get), get()];
      const count = () => cache.stats().namespaces['user']!;
      await eventually(() => count().joins === 2);
      first.isGone = true;
      expect(await gone).toBe('client-gone');
      loader.give('v');
      expect(await Promise.all([still, unlimited])).toEqual(['v', 'v']);
      expect([loader.calls, loader.ended]).toEqual([1, undefined]);
    },
  );

  it('is ended with the last of them; the next caller has a load of its own', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const loader = new WatchedLoader();
    const [first, second] = [new LeavingRequest(), new LeavingRequest()];
    const get = () => cache.getOrLoad('user', '1', loader.load);
    const callers = [first.run(get).catch(codeOf)];
    await loader.started;
    callers.push(second.run(get).catch(codeOf));
    await eventually(() => cache.stats().namespaces['user']!.joins === 1);
    first.isGone = second.isGone = true;
    expect(await Promise.all(callers)).toEqual(['client-gone', 'client-gone']);
    const next = cache.getOrLoad('user', '1', async () => 'anew');
    expect(await next).toBe('anew');
    await eventually(() => loader.ended === 'client-gone');
    expect(await cache.getOrLoad('user', '1', never)).toBe('anew');
  });

  it('answers one that is out of time before it ends, and then holds what it has loaded', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const gated = new GatedLoader(() => 'v');
    const load = (id: string) => cache.getOrLoad('user', id, gated.load);
    const late = new LeavingRequest(500).run(() => load('1')).catch(codeOf);
    await gated.started;
    const patient = new LeavingRequest().run(() => load('1'));
    expect(await late).toBe('deadline-exceeded');
    gated.release();
    expect(await patient).toBe('v');
    expect(await cache.getOrLoad('user', '1', never)).toBe('v');
  });

  it('together with others of a call ends with that call', async () => {
    const { cache } = await fixture.caches.open(fixture.prefix);
    const loader = new WatchedLoader();
    const leaving = new LeavingRequest();
    const many = (ids: string[]) => async () => new Map(ids.map((id) => [id, id]));
    await cache.getMany('user', ['1'], many(['1']));
    const gone = leaving
      .run(() => cache.getMany('user', ['1', '2'], async () => new Map([['2', await loader.load()]])))
      .catch(codeOf);
    await loader.started;
    leaving.isGone = true;
    expect(await gone).toBe('client-gone');
    await eventually(() => loader.ended === 'client-gone');
    // What is in L1 needs no time.
    expect(await leaving.run(() => cache.getOrLoad('user', '1', never))).toBe('1');
  });
});

it('what is loaded behind the callers’ backs has no limit', async () => {
  const { cache } = await fixture.caches.open(fixture.prefix, {
    namespaces: { user: { ttlMs: 60_000, neverExpire: true } },
  });
  const leaving = new LeavingRequest();
  await cache.set('user', '1', 'old');
  await fixture.endIn('user', '1', -1, 60_000);
  let failure: unknown = 'not run';
  const load = async () => {
    leaving.isGone = true;
    failure = currentBudget()?.failure();
    return 'new';
  };
  expect(await leaving.run(() => cache.getOrLoad('user', '1', load, { skipL1: true }))).toBe('old');
  await eventually(async () => (await cache.peek('user', '1'))?.value === 'new');
  expect(failure).toBeUndefined();
  expect(leaving.failure()).toBeInstanceOf(ClientGoneError);
});
