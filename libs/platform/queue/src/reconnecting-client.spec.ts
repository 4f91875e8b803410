import { withDeadline } from '@fourfold/kernel';
import { expect, it } from 'vitest';
import { QueueConnections } from './queue.connections.js';

it.each(['client', 'subscriber', 'bclient'] as const)(
  'a %s that waits to connect again ends when it is told to, and so does what it was asked',
  async (type) => {
    // Nothing listens there.
    const client = new QueueConnections('redis://127.0.0.1:1', 1_000).createClient(type);
    await new Promise((resolve) => client.once('reconnecting', resolve));
    const asked = client.brpoplpush('from', 'to', 5).catch((error: Error) => error.message);
    const ended = new Promise((resolve) => client.once('end', resolve));
    client.disconnect();
    await withDeadline(ended, 10_000, () => new Error('It never ends'));
    expect([client.status, await asked]).toEqual(['end', 'Connection is closed.']);
  },
);
