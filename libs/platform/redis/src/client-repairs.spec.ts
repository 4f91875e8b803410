import { withDeadline } from '@fourfold/kernel';
import { expect, it } from 'vitest';
import { RedisSource } from './redis.source.js';

// Nothing listens there.
it.each(['redis://127.0.0.1:1', 'redis+sentinel://127.0.0.1:1/main', 'redis+cluster://127.0.0.1:1'])(
  'a client of %s that waits to connect again ends when it is told to, and so does what it was asked',
  async (redis) => {
    const client = new RedisSource({ redis, option: 'redis', prefix: '{test}' }).waiting({
      silenceMs: 1_000,
    });
    await new Promise((resolve) => client.once('reconnecting', resolve));
    const asked = client.brpoplpush('from', 'to', 5).catch((error: Error) => error.message);
    const ended = new Promise((resolve) => client.once('end', resolve));
    client.disconnect();
    await withDeadline(ended, 10_000, () => new Error('It never ends'));
    expect([client.status, await asked]).toEqual(['end', 'Connection is closed.']);
  },
);
