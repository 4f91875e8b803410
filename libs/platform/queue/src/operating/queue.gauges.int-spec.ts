import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { Injectable } from '@nestjs/common';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type JobProcessor, ProcessorFor } from '../processors/processor-for.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters, parcels } from '../testing/queues.js';
import { OperatingConnection } from './operating.connection.js';

@Injectable()
@ProcessorFor(parcels)
class ParcelProcessor implements JobProcessor {
  handle(): Promise<void> {
    return Promise.resolve();
  }
}

let server: RedisServerFixture;
let app: QueueApp;

beforeEach(async () => {
  register.clear();
  shortenRests();
  server = await RedisServerFixture.start();
  app = await QueueApp.start(server.url, [ParcelProcessor]);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await app.close();
  await server.dispose();
});

async function figures(name: string): Promise<Record<string, number>> {
  const { values } = (await register.getSingleMetric(name)!.get()) as {
    values: { labels: Record<string, string>; value: number }[];
  };
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}
const up = async () => (await figures('queue_redis_up'))[''];

/** The 5 s between two refreshes are over after some milliseconds. */
function shortenRests(): void {
  const { setTimeout: original } = globalThis;
  const shortened = (work: () => void, ms?: number) => original(work, ms === 5_000 ? 20 : ms);
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(shortened);
}

describe('the figures of the queues', () => {
  it('are the jobs by state, the wait of the next in line, and the workers alive', async () => {
    await app.publish(message(1), message(2));
    await app.queue().client.hincrby(app.queue(letters).toKey('ob-1'), 'timestamp', -60_000);
    await eventually(async () => {
      expect(await figures('queue_jobs')).toEqual({
        ...{ 'letters waiting': 2, 'letters active': 0, 'letters delayed': 0, 'letters failed': 0 },
        ...{ 'parcels waiting': 0, 'parcels active': 0, 'parcels delayed': 0, 'parcels failed': 0 },
        ...{ 'letters paused': 0, 'parcels paused': 0 },
      });
      const waits = await figures('queue_oldest_waiting_seconds');
      expect(waits).toEqual({ letters: expect.any(Number), parcels: 0 });
      expect(waits['letters']).toBeGreaterThanOrEqual(60);
      expect(await figures('queue_workers')).toEqual({ letters: 0, parcels: 1 });
      expect(await up()).toBe(1);
    });
  });

  it.each(['killed', 'frozen'] as const)(
    'are missing while Redis is %s, instead of standing still, and are there again when it is',
    async (fault) => {
      await eventually(async () => expect(await up()).toBe(1));
      if (fault === 'killed') await server.kill();
      else server.freeze();
      await eventually(async () => expect(await up()).toBe(0));
      for (const name of ['queue_jobs', 'queue_oldest_waiting_seconds', 'queue_workers']) {
        expect(await figures(name), name).toEqual({});
      }
      if (fault === 'killed') await server.start();
      else server.thaw();
      await eventually(async () => {
        expect(await up()).toBe(1);
        expect(Object.keys(await figures('queue_jobs'))).toHaveLength(10);
      });
    },
  );

  it('are read by one refresh at a time, however slow Redis is', async () => {
    await eventually(async () => expect(await up()).toBe(1));
    const { client } = app.app.get(OperatingConnection);
    const asked = vi.spyOn(client, 'eval').mockReturnValue(new Promise(() => {}));
    for (let connects = 0; connects < 5; connects += 1) client.emit('ready');
    // Once for each queue; the heartbeats are other scripts.
    const reads = () => asked.mock.calls.filter(([script]) => String(script).includes('LINDEX')).length;
    // One that was in hand has its answers, and is followed by one for all connects.
    await eventually(() => reads() > 0);
    expect(reads()).toBe(2);
  });
});
