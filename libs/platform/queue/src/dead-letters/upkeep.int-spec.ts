import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { PeriodicTask } from '@fourfold/kernel';
import { type INestApplicationContext, Injectable, Logger, type Type } from '@nestjs/common';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type JobContext, type JobProcessor, ProcessorFor } from '../processors/processor-for.js';
import { DeadLetterDesk } from '../testing/dead-letter-desk.js';
import { handles } from '../testing/handles.js';
import { isolated, letters } from '../testing/queues.js';
import { letterCount, startUpkeepApp } from '../testing/upkeep-app.js';
import { DeadLetterSweeper } from './dead-letter.sweeper.js';
import { OpenLettersGauge } from './dead-letter.metrics.js';

let server: RedisServerFixture;
let desk: DeadLetterDesk;
let app: INestApplicationContext | undefined;
let handled: string[];
let fails: boolean;

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor {
  async handle(_payload: object, { messageId }: JobContext): Promise<void> {
    handled.push(messageId);
    if (fails) throw new Error('the printer is on fire');
    await desk.inbox.acknowledge(messageId);
  }
}

beforeEach(async () => {
  register.resetMetrics();
  // A round follows the one before in 50 ms, in place of a second.
  const tasks = PeriodicTask.prototype as unknown as { rest(forMs: number): void };
  const { rest } = tasks;
  vi.spyOn(tasks, 'rest').mockImplementation(function (this: typeof tasks) {
    rest.call(this, 50);
  });
  handled = [];
  fails = true;
  server = await RedisServerFixture.start();
  desk = await DeadLetterDesk.open(server.url);
});
afterEach(async () => {
  vi.restoreAllMocks();
  server.thaw();
  await app?.close();
  app = undefined;
  await desk.close();
  await server.dispose();
});

async function start(processors: Type[] = [LetterProcessor]): Promise<void> {
  app = await startUpkeepApp(desk, processors);
}

const add = (messageId: string, queue = 'letters', to = 'you') =>
  desk.dataSource.transaction((manager) => desk.outbox.add(manager, { messageId, queue, payload: { to } }));

const due = () => desk.dataSource.query('UPDATE dead_letters SET auto_redrive_at = NOW(3)');

describe('a worker', () => {
  it('makes dead letters of what is out of attempts, and says how many are open', async () => {
    await start();
    await add('m');
    await letterCount(desk, 1);
    expect(handled).toEqual(['m', 'm', 'm']);
    await app!.get(OpenLettersGauge).refresh();
    const metrics = await register.metrics();
    expect(metrics).toContain('queue_dead_letters_total{queue="letters",reason="attempts"} 1');
    expect(metrics).toContain('queue_dead_letters_open{queue="letters",reason="attempts"} 1');
    expect(await desk.failedIds()).toEqual([]);
  });

  it('delivers it anew when its time has come, and what succeeds then is done', async () => {
    await start();
    await add('m');
    await letterCount(desk, 1);
    fails = false;
    await due();
    await eventually(async () => expect(await desk.states()).toEqual({ m: 'done' }), { deadlineMs: 20_000 });
    expect(await desk.letters()).toMatchObject([{ status: 'redriven', resolved_by: 'system' }]);
    expect(handled).toHaveLength(4);
  });

  it('delivers what never succeeds anew six times and then no more: it is bounded', async () => {
    await start();
    await add('m');
    for (let redrives = 0; redrives <= 6; redrives += 1) {
      await letterCount(desk, redrives + 1);
      expect((await desk.letters()).map((letter) => letter.auto_redrives)).toEqual(
        Array.from({ length: redrives + 1 }, (_, n) => n),
      );
      const [newest] = await desk.deadLetters.list({ limit: 1 });
      expect(newest!.autoRedriveAt === null).toBe(redrives === 6);
      if (redrives < 6) await due();
    }
    expect(handled).toHaveLength(7 * letters.attempts);
    const statuses = (await desk.letters()).map(({ status }) => status);
    expect(statuses).toEqual([...Array.from({ length: 6 }, () => 'redriven'), 'open']);
  }, 120_000);
});

describe('a job that kills its child at each attempt', () => {
  it('is a dead letter after its attempts, waits for an operator, and others go on', async () => {
    // In the worker the class only says that the queue is worked off.
    await start([handles(isolated, () => {})]);
    await add('poison', isolated.name, 'crash');
    await letterCount(desk, 1, 40_000);
    const [letter] = await desk.deadLetters.list({ limit: 1 });
    expect(letter).toMatchObject({
      messageId: 'poison',
      reason: 'stalled',
      attempts: isolated.attempts,
      autoRedriveAt: null,
    });
    expect(letter!.error).toContain('SIGKILL');
    await add('harmless', isolated.name);
    const queue = desk.queue(isolated.name);
    await eventually(async () => {
      expect(await desk.states()).toMatchObject({ poison: 'dead', harmless: 'published' });
      expect(await queue.getJobCounts()).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    });
    expect(await desk.letters()).toHaveLength(1);
  });
});

describe('while a server is away', () => {
  it('Redis frozen, then killed and back empty: the sweeper waits, and goes on', async () => {
    await start();
    await add('m');
    await letterCount(desk, 1);
    server.freeze();
    await add('n');
    server.thaw();
    await letterCount(desk, 2);
    await server.kill();
    await add('o');
    await server.start();
    await letterCount(desk, 3, 40_000);
  }, 90_000);

  it('Redis a read-only replica: what is recorded is removed once it is not, and counted once', async () => {
    await desk.published('m');
    await desk.die();
    await server.command('REPLICAOF', '127.0.0.1', '1');
    await start([]);
    await letterCount(desk, 1);
    expect(await desk.failedIds()).toHaveLength(1);
    await server.command('REPLICAOF', 'NO', 'ONE');
    await eventually(async () => (await desk.failedIds()).length === 0, { deadlineMs: 20_000 });
    expect(await register.metrics()).toContain(
      'queue_dead_letters_total{queue="letters",reason="attempts"} 1',
    );
    expect(await desk.letters()).toHaveLength(1);
  });

  it('the table not there: one line in the log for many rounds, and one when it is over', async () => {
    const errors = vi.spyOn(Logger.prototype, 'error');
    const lines = vi.spyOn(Logger.prototype, 'log');
    await desk.published('m');
    await desk.die();
    const looks = vi.spyOn(
      DeadLetterSweeper.prototype as unknown as { sweepAll(): Promise<void> },
      'sweepAll',
    );
    await desk.hide(true);
    await start([]);
    await eventually(() => looks.mock.calls.length >= 4, { deadlineMs: 20_000 });
    await desk.hide(false);
    await letterCount(desk, 1);
    const about = (calls: unknown[][], text: string) =>
      calls.filter((call) => call.some((part) => String(part).includes(text))).length;
    expect(about(errors.mock.calls, 'Dead-letter sweep failed; retrying')).toBe(1);
    await eventually(() => about(lines.mock.calls, 'Dead-letter sweep works again') === 1);
  });

  it('a worker that is told to stop does not wait for it', async () => {
    await start([]);
    server.freeze();
    let isClosed = false;
    void app!.close().then(() => (isClosed = true));
    await eventually(() => isClosed);
    app = undefined;
  });
});
