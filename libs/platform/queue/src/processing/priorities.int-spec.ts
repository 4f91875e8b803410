import { eventually, gate, topology } from '@fourfold-tools/testing';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { defineQueue, type QueueDefinition } from '../queue-definition.js';
import { handles, handlesTogether } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { WorkerDatabase } from '../testing/worker.database.js';

const payload = z.object({ to: z.string() });
const analytics = defineQueue({ name: 'analytics', payload, concurrency: 8, priority: 'low' });
const email = defineQueue({ name: 'email', payload, priority: 'high' });
const WAITING = 5_000;

let app: QueueApp;
const databases: WorkerDatabase[] = [];
afterEach(async () => {
  await app.close();
  for (const database of databases.splice(0)) await database.close();
});

/** 5,000 analytics jobs wait and all slots are taken by their like; then an e-mail comes. */
async function emailBehindAnalytics(
  emailQueue: QueueDefinition<z.output<typeof payload>>,
  priority: 'high' | 'low',
) {
  const begun: string[] = [];
  const mayWork = gate();
  const work = async ({ to }: { to: string }) => {
    begun.push(to);
    await mayWork.passed;
  };
  const queues = [analytics, { ...email, priority }];
  app = await QueueApp.start(
    topology().redisQueue.url,
    queues.map((queue) => handles(queue, work)),
    { queues, jobsAtOnce: 4 },
  );
  const crowd = Array.from({ length: WAITING }, (_, id) => message(id, analytics.name, { to: 'analytics' }));
  for (let from = 0; from < WAITING; from += 1_000) await app.publish(...crowd.slice(from, from + 1_000));
  await eventually(() => begun.length === 4);
  await app.publish(message('mail', emailQueue.name, { to: 'email' }));
  // Of its own queue it is fetched at once: with its lock it is in the line for a slot.
  const queue = app.queue(emailQueue);
  if (emailQueue === email)
    await eventually(async () => (await queue.client.exists(queue.toKey('ob-mail:lock'))) === 1);
  mayWork.open();
  await eventually(() => begun.includes('email'), { deadlineMs: 60_000, everyMs: 1 });
  return begun.indexOf('email');
}

it('with 5,000 analytics jobs waiting and every slot taken, an e-mail gets the first slot that is free', async () => {
  expect(await emailBehindAnalytics(email, 'high')).toBe(4);
});

it('with jobs of a low class that share a transaction and are stuck in it, every slot is left to e-mails', async () => {
  const database = await WorkerDatabase.create();
  databases.push(database);
  const mayCommit = gate();
  const mails: string[] = [];
  let together = 0;
  const grouped = { ...analytics, concurrency: 64 };
  try {
    app = await QueueApp.start(
      topology().redisQueue.url,
      [
        handlesTogether(grouped, {
          together: { inFlight: 1 },
          handleTogether: async (jobs) => {
            together += jobs.length;
            await mayCommit.passed;
            return jobs.map(() => undefined);
          },
        }),
        handles(email, ({ to }) => mails.push(to)),
      ],
      { queues: [grouped, email], jobsAtOnce: 1, databaseUrl: database.url },
    );
    await app.publish(...Array.from({ length: 500 }, (_, id) => message(id, grouped.name, { to: 'log' })));
    await eventually(() => together > 0);
    await app.publish(message('mail', email.name, { to: 'email' }));
    await eventually(() => mails.length === 1);
    expect(await app.queue(grouped).getWaitingCount()).toBeGreaterThan(0);
  } finally {
    mayCommit.open();
  }
});

it('naive twin: of the same class, it waits behind those that were fetched before it', async () => {
  expect(await emailBehindAnalytics(email, 'low')).toBeGreaterThan(4);
});

it('naive twin: on the same queue, it waits behind all of them', async () => {
  expect(await emailBehindAnalytics(analytics, 'low')).toBe(WAITING);
});
