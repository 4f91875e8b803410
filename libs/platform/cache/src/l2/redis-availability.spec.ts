import { EventEmitter } from 'node:events';
import { ManualClock } from '@fourfold/kernel';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { eventually } from '@fourfold-tools/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { LeaseCommands } from './lease-commands.js';
import { PendingInvalidations } from './pending-invalidations.js';
import { RedisAvailability } from './redis-availability.js';
import type { ServerInfo } from './server-info.js';
import { StallBreaker } from './stall.breaker.js';

/** A Redis that is there, and answers an invalidation when `answer` says how. */
function connected() {
  Logger.overrideLogger(false);
  const answers: PromiseWithResolvers<boolean>[] = [];
  const invalidate = vi.fn(() => {
    const answer = Promise.withResolvers<boolean>();
    answers.push(answer);
    return answer.promise;
  });
  const commands = {
    invalidate,
    attach: async () => ({ voided: [], unpublished: [] }),
    giveBackForsaken: async () => {},
  };
  const client = Object.assign(new EventEmitter(), {
    status: 'ready',
    connect: async () => {},
    disconnect: () => {},
  });
  const redis = new RedisAvailability({
    client: client as unknown as Redis,
    commands: commands as unknown as LeaseCommands,
    server: { runId: async () => 'one' } as unknown as ServerInfo,
    pending: new PendingInvalidations(10),
    breaker: new StallBreaker(new ManualClock(), 250),
    namespaces: [],
    onInvalidated: () => {},
    onStateChanged: () => {},
  });
  onTestFinished(() => redis.close());
  redis.start();
  return { redis, invalidate, answer: (published: boolean) => answers.shift()!.resolve(published) };
}

it('owes an invalidation until Redis has answered it, though it is on its way', async () => {
  const { redis, invalidate, answer } = connected();
  redis.owe(['4:user:1', '4:user:2']);
  await eventually(() => invalidate.mock.calls.length === 1);
  expect([redis.owed, redis.state]).toEqual([2, 'recovering']);
  answer(true);
  await eventually(() => redis.state === 'trusted');
  expect(redis.owed).toBe(0);
});

it('owes one that Redis has carried out and refused to publish, and uses Redis all the same', async () => {
  const { redis, invalidate, answer } = connected();
  redis.owe(['4:user:1']);
  await eventually(() => invalidate.mock.calls.length === 1);
  answer(false);
  await eventually(() => redis.state === 'trusted');
  expect(redis.owed).toBe(1);
});
