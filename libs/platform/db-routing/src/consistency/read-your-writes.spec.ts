import { register } from 'prom-client';
import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { DbRoutingMetrics } from '../routing/db-routing.metrics.js';
import { mariadbDialect } from '../engine/mariadb.dialect.js';
import { consistencyState, runInScope } from './consistency.context.js';
import type { ConsistencyScope } from './consistency.scope.js';
import { ANY_AGE, type Freshness } from './freshness.js';
import { ReadYourWrites, type ReadYourWritesOptions } from './read-your-writes.js';

const SECRET = 'a-secret-of-at-least-32-characters';
const CALLER = 'customer:1';

let clock: ManualClock;
let primary: () => Promise<string>;

beforeEach(() => {
  register.resetMetrics();
  clock = new ManualClock(1_000_000);
  primary = () => Promise.resolve('1-1-100');
});

/** One process. */
function processOf(options: Partial<ReadYourWritesOptions> = {}): ReadYourWrites {
  const complete = { tokenSecrets: [SECRET], tokenTtlMs: 60_000, windowMs: 2_000, ...options };
  return new ReadYourWrites(complete, mariadbDialect, new DbRoutingMetrics(), () => primary(), clock);
}

/** A request that commits `gtids`, and what it gives its caller. */
function write(process: ReadYourWrites, ...gtids: string[]): { scope: ConsistencyScope; token: string } {
  const scope = process.scopeOf(undefined, CALLER);
  for (const gtid of gtids) scope.committed(gtid);
  return { scope, token: process.tokenOf(scope) ?? '' };
}

const at = (position: string, primaryUntilMs = 0): Freshness => ({ position, primaryUntilMs });

async function tokensCounted(): Promise<Record<string, number>> {
  const { values } = (await register.getSingleMetric('db_consistency_tokens_total')?.get()) ?? { values: [] };
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels['outcome']), value]));
}

describe('a request with a token', () => {
  it('has to see, in any process, what the token stands for', () => {
    const { token } = write(processOf(), '1-1-7', '1-1-8');
    expect(processOf().scopeOf(token, undefined).freshness).toEqual(at('1-1-8'));
  });

  it('of a caller whose later write this process remembers has to see both', () => {
    const [one, other] = [processOf(), processOf()];
    const { token } = write(other, '1-1-7', '2-1-1');
    write(one, '1-1-9');
    expect(one.scopeOf(token, CALLER).freshness).toEqual(at('1-1-9,2-1-1'));
  });

  it('that stands for an older write does not take a remembered window away', () => {
    const process = processOf();
    const { token } = write(process, '1-1-7');
    process.scopeOf(undefined, CALLER).committedUnseen();
    expect(process.scopeOf(token, CALLER).isPrimaryOnly).toBe(true);
    expect(process.scopeOf(token, 'customer:2').isPrimaryOnly).toBe(false);
  });

  it('that is no good is served as one without: counted by outcome, and what is remembered still holds', async () => {
    const process = processOf();
    const { token } = write(process, '1-1-7');
    clock.advance(59_999);
    write(process, '1-1-9');
    expect(process.scopeOf(token, CALLER).freshness).toEqual(at('1-1-9'));
    clock.advance(1);
    expect(process.scopeOf(token, CALLER).freshness).toEqual(at('1-1-9'));
    expect(process.scopeOf(`${token}x`, CALLER).freshness).toEqual(at('1-1-9'));
    expect(process.scopeOf('', undefined).freshness).toEqual(ANY_AGE);
    expect(await tokensCounted()).toEqual({ valid: 1, expired: 1, invalid: 2 });
  });

  it('is not asked for it, and gets none, where there are no secrets', async () => {
    const { token } = write(processOf(), '1-1-7');
    const without = processOf({ tokenSecrets: [] });
    expect(without.scopeOf(token, undefined).freshness).toEqual(ANY_AGE);
    expect(without.tokenOf(without.scopeOf(undefined, undefined))).toBeUndefined();
    expect(await tokensCounted()).toEqual({ valid: 0, expired: 0, invalid: 0 });
  });
});

describe('a write to another cluster', () => {
  /** As a cluster of that name hears of its commits. */
  const shardOf = (scope: ConsistencyScope) => scope.of('shard-1', mariadbDialect);

  it('asks nothing of the default one, whose positions are of other servers', () => {
    const scope = processOf().scopeOf(undefined, CALLER);
    shardOf(scope).committed('0-9-7');
    expect(scope).toMatchObject({
      freshness: ANY_AGE,
      wrote: true,
      mustSeeWrites: true,
      isPrimaryOnly: false,
    });
    expect(shardOf(scope).freshness).toEqual(at('0-9-7'));
    expect(scope.of('shard-2', mariadbDialect).freshness).toEqual(ANY_AGE);
  });

  it('is carried by the token, also through a request that uses other clusters', () => {
    const [one, other, third] = [processOf(), processOf(), processOf()];
    const writing = one.scopeOf(undefined, undefined);
    shardOf(writing).committed('0-9-7');
    const between = other.scopeOf(one.tokenOf(writing), undefined);
    expect(between.mustSeeWrites).toBe(true);
    between.committed('1-1-1');
    const reading = third.scopeOf(other.tokenOf(between), undefined);
    expect([reading.freshness, shardOf(reading).freshness]).toEqual([at('1-1-1'), at('0-9-7')]);
  });

  it('is remembered for its caller, merged with what the token says, until the window ends', () => {
    const [one, other] = [processOf(), processOf()];
    shardOf(one.scopeOf(undefined, CALLER)).committed('0-9-7');
    const elsewhere = other.scopeOf(undefined, undefined);
    shardOf(elsewhere).committed('5-9-1');
    const token = other.tokenOf(elsewhere);
    expect(shardOf(one.scopeOf(token, CALLER)).freshness).toEqual(at('0-9-7,5-9-1'));
    expect(shardOf(one.scopeOf(undefined, 'customer:2')).freshness).toEqual(ANY_AGE);
    clock.advance(2_000);
    expect(shardOf(one.scopeOf(undefined, CALLER)).freshness).toEqual(ANY_AGE);
  });
});

describe('a request without a token', () => {
  it('has to see what its caller wrote within the window, by way of this process', () => {
    const process = processOf();
    write(process, '1-1-7');
    expect(process.scopeOf(undefined, CALLER).freshness).toEqual(at('1-1-7'));
    expect(process.scopeOf(undefined, 'customer:2').freshness).toEqual(ANY_AGE);
    expect(process.scopeOf(undefined, undefined).freshness).toEqual(ANY_AGE);
    expect(processOf().scopeOf(undefined, CALLER).freshness).toEqual(ANY_AGE);
    clock.advance(2_000);
    expect(process.scopeOf(undefined, CALLER).freshness).toEqual(ANY_AGE);
  });

  it('has to see it from the commit on: the caller may be gone when the answer is, and ask again', () => {
    const process = processOf();
    const writing = process.scopeOf(undefined, CALLER);
    const [before, beside] = [process.scopeOf(undefined, CALLER), process.scopeOf(undefined, CALLER)];
    writing.committed('1-1-7');
    expect(process.scopeOf(undefined, CALLER).freshness).toEqual(at('1-1-7'));
    beside.committed('1-1-6');
    expect(process.scopeOf(undefined, CALLER).freshness).toEqual(at('1-1-7'));
    expect(before.freshness).toEqual(ANY_AGE);
  });

  it('has nothing to see where the window is off', () => {
    const process = processOf({ windowMs: 0 });
    write(process, '1-1-7');
    expect(process.scopeOf(undefined, CALLER).freshness).toEqual(ANY_AGE);
  });
});

describe('an answer that speaks of an earlier write', () => {
  const repeated = async (process: ReadYourWrites, scope = process.scopeOf(undefined, CALLER)) => {
    await runInScope(scope, () => process.coverEarlierWrites());
    return scope;
  };

  it('stands for everything that is on the primary by then', async () => {
    const process = processOf();
    const scope = await repeated(process);
    expect(scope).toMatchObject({ freshness: at('1-1-100'), wrote: true });
    expect(processOf().scopeOf(process.tokenOf(scope), undefined).freshness).toEqual(at('1-1-100'));
  });

  it('asks the primary nothing when the request has written itself', async () => {
    primary = () => Promise.reject(new Error('asked'));
    const process = processOf();
    const scope = process.scopeOf(undefined, CALLER);
    scope.committed('1-1-7');
    await repeated(process, scope);
    expect(scope.freshness).toEqual(at('1-1-7'));
  });

  it('leaves the sticky window when the primary does not say where it is', async () => {
    primary = () => Promise.reject(new Error('away'));
    expect(await repeated(processOf())).toMatchObject({ wrote: true, isPrimaryOnly: true });
  });

  it('does nothing outside a request', async () => {
    await expect(processOf().coverEarlierWrites()).resolves.toBeUndefined();
  });
});

describe('isolate and runFresh', () => {
  it('are scopes of their own, with the token’s freshness or with none', async () => {
    const process = processOf();
    const { token } = write(process, '1-1-7');
    const inside = () => Promise.resolve(consistencyState().scope?.freshness);
    const seen = await process.runFresh(token, async () => [await inside(), await process.isolate(inside)]);
    expect(seen).toEqual([at('1-1-7'), ANY_AGE]);
    expect(await process.runFresh('nonsense', inside)).toEqual(ANY_AGE);
    expect(await process.runFresh(undefined, inside)).toEqual(ANY_AGE);
    expect(await inside()).toBeUndefined();
  });

  it('work without a scope around or inside: loops in the background need none', async () => {
    expect(consistencyState()).toEqual({});
    await processOf().isolate(async () => {});
    expect(consistencyState()).toEqual({});
  });
});
