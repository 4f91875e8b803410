import { eventually, FaultProxy, RedisServerFixture } from '@fourfold-tools/testing';
import Bull from 'bull';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handles } from '../testing/handles.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

const PREFIX = '{cut-off}';

let server: RedisServerFixture;
let proxy: FaultProxy;
let apps: QueueApp[];

beforeEach(async () => {
  server = await RedisServerFixture.start();
  proxy = await new FaultProxy(server.url).open();
  apps = [];
});
afterEach(async () => {
  await proxy.close();
  await Promise.all(apps.map((app) => app.close()));
  await server.dispose();
});

describe('a worker whose connections are cut off without a word', () => {
  it('takes them for dead and goes on, where Bull as it comes waits for ever', async () => {
    const handled: string[] = [];
    const handler = handles(letters, (_payload, { messageId }) => void handled.push(messageId));
    const worker = await QueueApp.start(proxy.url, [handler], {
      prefix: PREFIX,
      silenceMs: 500,
      lockMs: 1_000,
    });
    const publisher = await QueueApp.start(server.url, [], { prefix: PREFIX });
    apps.push(worker, publisher);
    const [bareWorker, bare] = [proxy.url, server.url].map((url) => new Bull('bare', url));
    void bareWorker!.process(async (job) => void handled.push(`bare-${String(job.id)}`));
    await publisher.publish(message(1));
    await bare!.add({}, { jobId: 'a' });
    await eventually(() => expect(handled.toSorted()).toEqual(['bare-a', 'm-1']));

    proxy.strandConnections();
    await publisher.publish(message(2));
    await bare!.add({}, { jobId: 'b' });
    await eventually(() => handled.includes('m-2'), { deadlineMs: 30_000 });
    expect(handled).not.toContain('bare-b');
    expect(await publisher.queue().getFailedCount()).toBe(0);
    await Promise.all([bareWorker!.close(true), bare!.close()]);
  });
});
