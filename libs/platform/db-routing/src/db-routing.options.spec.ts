import { ConfigurationError } from '@fourfold/kernel';
import { describe, expect, it } from 'vitest';
import { consistencyEnv, databaseEnv } from './db-routing.env.js';
import { completeOptions, type DbRoutingOptions } from './db-routing.options.js';

const primaryUrl = 'mysql://app:geheim@db-0:3306/shop';
const replica = (host: string) => `mysql://reader:geheim@${host}/shop`;
const valid: DbRoutingOptions = { primaryUrl, replicas: [replica('db-1'), replica('db-2')] };

function problem(options: unknown): string {
  try {
    completeOptions(options as DbRoutingOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  throw new Error('the options were accepted');
}

describe('the options', () => {
  it('have defaults for everything but the nodes', () => {
    expect(completeOptions(valid)).toMatchObject({
      replicas: [
        { url: replica('db-1'), weight: 1 },
        { url: replica('db-2'), weight: 1 },
      ],
      engine: 'mariadb',
      primaryConnections: 32,
      replicaConnections: 64,
      fallbackReads: 8,
      connectTimeoutMs: 1_000,
      primaryDeadlineMs: 2_000,
      replicaDeadlineMs: 1_000,
      queryTimeoutMs: 15_000,
      lag: { ejectMs: 5_000, readmitMs: 2_000, unusableMs: 10_000 },
      health: {
        probeIntervalMs: 2_000,
        ejectAfterFailures: 3,
        readmitAfterSuccesses: 2,
        slowStartMs: 10_000,
      },
      consistency: { tokenSecrets: [], tokenTtlMs: 60_000, windowMs: 2_000, waitMs: 150 },
    });
  });

  it.each([Infinity, 3_000_000_000])(
    'of %d ms are what a timer can wait for, a fifth more included',
    (forMs) => {
      const { health, ...options } = completeOptions({
        ...valid,
        ...{
          connectTimeoutMs: forMs,
          primaryDeadlineMs: forMs,
          replicaDeadlineMs: forMs,
          queryTimeoutMs: forMs,
        },
        health: {
          probeIntervalMs: forMs,
          probeTimeoutMs: forMs,
          beatIntervalMs: forMs,
          beatTimeoutMs: forMs,
        },
      });
      const limits = [
        options.connectTimeoutMs,
        options.primaryDeadlineMs,
        options.replicaDeadlineMs,
        options.queryTimeoutMs,
      ];
      const { probeIntervalMs, probeTimeoutMs, beatIntervalMs, beatTimeoutMs } = health;
      for (const limit of [...limits, probeIntervalMs, probeTimeoutMs, beatIntervalMs, beatTimeoutMs]) {
        expect(limit * 1.2).toBeLessThan(2 ** 31);
        expect(limit).toBeGreaterThan(1_000_000_000);
      }
    },
  );

  it.each<[string, object, string]>([
    ['no primary', { primaryUrl: undefined }, 'primaryUrl: must be a URL like mysql://'],
    [
      'a primary that is no URL of a database',
      { primaryUrl: 'http://db-0/' },
      'primaryUrl: must be a URL like',
    ],
    ['no replicas, not even none', { replicas: undefined }, 'replicas: '],
    ['a replica that is no URL', { replicas: ['db-1:3306'] }, 'replicas.0.url: must be a URL like'],
    [
      'the same replica twice',
      { replicas: [replica('db-1'), replica('db-2'), replica('DB-1:3306')] },
      'replicas.2: db-1:3306 is replica-1 already: each node may be named once',
    ],
    [
      'the primary among the replicas',
      { replicas: [replica('db-0')] },
      'replicas.0: db-0:3306 is the primary already',
    ],
    ['a weight of nothing', { replicas: [{ url: replica('db-1'), weight: 0 }] }, 'replicas.0.weight: '],
    ['more connections than a replica should bear', { replicaConnections: 129 }, 'replicaConnections: '],
    [
      'a secret that can be guessed',
      { consistency: { tokenSecrets: ['short'] } },
      'must have at least 32 characters',
    ],
    [
      'an option that there is not',
      { primaryConections: 3 },
      'primaryConections: there is no such option; there are primaryUrl, ',
    ],
    [
      'a static option that is misspelt',
      { entites: [] },
      'consistency, entities, autoLoadEntities, typeOrm, name',
    ],
    [
      'one of a replica',
      { replicas: [{ url: replica('db-1'), wieght: 2 }] },
      'replicas.0.wieght: there is no such option; there are url, weight',
    ],
    [
      'a caller that is no function',
      { consistency: { callerOf: 'user' } },
      'consistency.callerOf: must be a function',
    ],
    [
      'one of another',
      { health: { probeMs: 3 } },
      'health.probeMs: there is no such option; there are probeIntervalMs, ',
    ],
    [
      'a lag at which a replica comes back that puts it out',
      { lag: { readmitMs: 6_000 } },
      'lag: readmitMs must not be over',
    ],
    ['a deadline of nothing', { primaryDeadlineMs: 0 }, 'primaryDeadlineMs: must be milliseconds over 0'],
    ['an engine that there is no dialect for', { engine: 'postgres' }, 'engine: '],
  ])('%s: refused, and said what and where', (_title, changes, message) => {
    expect(problem({ ...valid, ...changes })).toContain(message);
  });

  it('are refused with everything that is wrong, and without a password', () => {
    const message = problem({ ...valid, primaryUrl: 'mysq://app:geheim@db', engine: 'x', fallbackReads: 0 });
    expect(message).toMatch(/primaryUrl: .*\n.*engine: .*\n.*fallbackReads: /);
    expect(message).not.toContain('geheim');
  });
});

describe('DB_MONITOR_ACCOUNT', () => {
  it('is an account with its password, which may have a colon in it', () => {
    expect(databaseEnv.DB_MONITOR_ACCOUNT.parse('monitor:a:b')).toEqual({ user: 'monitor', password: 'a:b' });
    expect(databaseEnv.DB_MONITOR_ACCOUNT.safeParse('monitor').success).toBe(false);
  });
});

describe('CONSISTENCY_TOKEN_SECRETS and STICKY_WINDOW_MS', () => {
  const { CONSISTENCY_TOKEN_SECRETS: secrets, STICKY_WINDOW_MS: window } = consistencyEnv;
  const [first, second] = ['a'.repeat(32), 'b'.repeat(40)];

  it('are a list, the first of which signs, and a time', () => {
    expect(secrets.parse(`${first}, ${second}`)).toEqual([first, second]);
    expect([window.parse(undefined), window.parse('0'), window.parse('500')]).toEqual([2_000, 0, 500]);
  });

  it.each([undefined, '', 'short', `${first},`, `${first},short`])('no secrets are in %j', (list) => {
    expect(secrets.safeParse(list).success).toBe(false);
  });

  it.each(['-1', '1.5', 'soon'])('%j is no window', (text) => {
    expect(window.safeParse(text).success).toBe(false);
  });
});
