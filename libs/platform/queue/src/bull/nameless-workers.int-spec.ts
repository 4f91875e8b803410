import { eventually, RedisServerFixture } from '@fourfold-tools/testing';
import { Injectable } from '@nestjs/common';
import Bull from 'bull';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type JobProcessor, ProcessorFor } from '../processors/processor-for.js';
import { RedisSource } from '@fourfold/redis';
import { QueueConnections } from './queue.connections.js';
import { message, QueueApp } from '../testing/queue-app.js';
import { letters } from '../testing/queues.js';

@Injectable()
@ProcessorFor(letters)
class LetterProcessor implements JobProcessor<{ to: string }> {
  handle(): Promise<void> {
    handled += 1;
    return Promise.resolve();
  }
}

let server: RedisServerFixture;
let unhandled: unknown[];
let handled: number;
const notice = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  unhandled = [];
  handled = 0;
  server = await RedisServerFixture.start();
  // Connections are taken, and nothing is answered.
  server.freeze();
  process.on('unhandledRejection', notice);
});
afterEach(async () => {
  await server.dispose();
  process.off('unhandledRejection', notice);
});

it('naive twin: a worker of Bull’s own that stops before Redis has answered leaves a rejection unhandled', async () => {
  const connections = new QueueConnections(
    new RedisSource({ redis: server.url, option: 'redis', prefix: '{bull}' }),
    10_000,
  );
  const queue = new Bull('letters', { createClient: connections.createClient });
  queue.process(() => Promise.resolve()).catch(() => {});
  await eventually(() => queue.client.status === 'ready');
  connections.close();
  await eventually(() => unhandled.length > 0);
  expect(String(unhandled[0])).toContain('Connection is closed.');
});

it('a worker of ours names no connection, so there is nothing to reject', async () => {
  server.thaw();
  const app = await QueueApp.start(server.url, [LetterProcessor]);
  await app.publish(message(1));
  await eventually(() => handled === 1);
  expect(String(await server.command('CLIENT', 'LIST'))).not.toMatch(/ name=\S/);
  await app.close();
  expect(unhandled).toEqual([]);
});
