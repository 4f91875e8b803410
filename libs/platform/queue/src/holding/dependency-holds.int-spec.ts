import { DependencyProbes } from '@fourfold/kernel';
import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEAD_REASON_FIELD } from '../dead-reason.js';
import { handles, type Handle } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

const definition = { ...letters, attempts: 2, concurrency: 2 };
const PREFIX = '{held}';

const away = (dependency: string) => Object.assign(new Error(`${dependency} is away`), { dependency });

let server: RedisServerFixture;
let apps: QueueApp[];
/** Dependencies whose probes are answered. */
let up: Set<string>;
/** To whom, each time that a handler has begun. */
let tried: string[];
let handle: Handle;

beforeEach(async () => {
  register.resetMetrics();
  server = await RedisServerFixture.start();
  apps = [];
  up = new Set(['mail', 'shard-1']);
  tried = [];
  handle = () => {};
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await server.dispose();
});

async function start(): Promise<QueueApp> {
  const counted = handles(definition, async (payload, context) => {
    tried.push(payload.to);
    await handle(payload, context);
  });
  const app = await QueueApp.start(server.url, [counted], {
    prefix: PREFIX,
    queues: [definition],
    lockMs: 2_000,
    drainMs: 5_000,
  });
  apps.push(app);
  const probes = app.app.get(DependencyProbes, { strict: false });
  const ask = (name: string) => async () => {
    if (!up.has(name)) throw new Error('ECONNREFUSED');
  };
  probes.add('mail', ask('mail'));
  probes.add('shard-1', ask('shard-1'), { partial: true });
  return app;
}

const to = (...names: string[]) =>
  names.map((name, index) => message(`${index}-${name}`, letters.name, { to: name }));
const counts = async ([app] = apps) => app!.queue().getJobCounts();
const isHeld = (jobs: number) =>
  eventually(async () => expect(await counts()).toMatchObject({ delayed: jobs }));
const isDone = () =>
  eventually(async () =>
    expect(await counts()).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 }),
  );

/** Everything needs the mail server. */
const needsMail: Handle = () => {
  if (!up.has('mail')) throw away('mail');
};

describe('while a dependency is away', () => {
  it('no attempt is spent, and all goes on at once when it answers', async () => {
    up.delete('mail');
    handle = needsMail;
    const app = await start();
    await app.publish(...to('a', 'b', 'c', 'd', 'e', 'f'));
    await isHeld(6);
    // Those of the first moment were tried, the others were not.
    expect(tried.length).toBeLessThanOrEqual(definition.concurrency);
    up.add('mail');
    await isDone();
    expect(new Set(tried).size).toBe(6);
    const outcomes = await register.getSingleMetric('queue_jobs_total')!.get();
    const failed = outcomes.values.filter(({ labels, value }) => value > 0 && labels['outcome'] === 'failed');
    expect(failed).toEqual([]);
  });

  it('says so by a metric', async () => {
    up.delete('mail');
    handle = needsMail;
    const app = await start();
    await app.publish(...to('a'));
    await isHeld(1);
    const text = () => register.getSingleMetricAsString('queue_held');
    expect(await text()).toContain('queue_held{queue="letters",dependency="mail"} 1');
    up.add('mail');
    await isDone();
    expect(await text()).not.toContain('dependency="mail"');
  });

  it('that only some jobs need, the others are run', async () => {
    up.delete('shard-1');
    handle = (payload) => {
      if (payload.to.startsWith('x') && !up.has('shard-1')) throw away('shard-1');
    };
    const app = await start();
    await app.publish(...to('x1', 'a', 'x2', 'b', 'x3', 'c'));
    await isHeld(3);
    await eventually(() => expect(tried).toEqual(expect.arrayContaining(['a', 'b', 'c'])));
    up.add('shard-1');
    await isDone();
  });

  it('a worker that stops leaves its jobs to one that starts later', async () => {
    up.delete('mail');
    handle = needsMail;
    const first = await start();
    await first.publish(...to('a', 'b', 'c'));
    await isHeld(3);
    await apps.pop()!.close();
    expect(await server.command('LLEN', `${PREFIX}:letters:active`)).toBe(0);
    up.add('mail');
    await start();
    await isDone();
    expect(new Set(tried.slice(-3))).toEqual(new Set(['a', 'b', 'c']));
  });
});

describe('a dependency that answers its probe', () => {
  it('holds nothing: what one job says of it is that job’s own fault', async () => {
    handle = (payload) => {
      if (payload.to === 'the-bad') throw away('mail');
    };
    const app = await start();
    await app.publish(...to('the-bad', 'a', 'b'));
    await eventually(async () => expect(await counts()).toMatchObject({ failed: 1, waiting: 0, delayed: 0 }));
    expect(tried.filter((name) => name === 'the-bad')).toHaveLength(2);
    expect(await app.queue().client.hget(app.queue().toKey('ob-0-the-bad'), DEAD_REASON_FIELD)).toBe(
      'attempts',
    );
  });

  it('nor does one that has no probe', async () => {
    handle = () => {
      throw away('the-moon');
    };
    const app = await start();
    await app.publish(...to('a'));
    await eventually(async () => expect(await counts()).toMatchObject({ failed: 1 }));
  });
});

it('a held job that came back by itself is tried, whatever the probe says', async () => {
  up.delete('mail');
  handle = needsMail;
  const app = await start();
  await app.publish(...to('a'));
  await isHeld(1);
  handle = () => {};
  const [job] = await app.queue().getDelayed();
  await job!.promote();
  await isDone();
  expect(tried).toEqual(['a', 'a']);
});
