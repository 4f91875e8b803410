import { describe, expect, it } from 'vitest';
import { checkedPayload } from './message-check.js';
import type { OutboxMessage } from './outbox.message.js';
import { outboxSettings } from './outbox.options.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const MINUTE_MS = 60_000;
const YEAR_MS = 366 * 24 * 60 * MINUTE_MS;
const good: OutboxMessage = { messageId: 'order-placed:1', queue: 'letters', payload: { to: 'you' } };
const letters = {
  name: 'letters',
  payload: {
    safeParse: (value: unknown) =>
      typeof (value as { to?: unknown }).to === 'string'
        ? { success: true as const }
        : { success: false as const, error: { message: 'to must be a text' } },
  },
};

const check = (message: Partial<OutboxMessage>, settings: object = {}) =>
  checkedPayload({ ...good, ...message }, { ...outboxSettings({}), ...settings }, NOW);

describe('a message', () => {
  it.each([
    ['as it should be', {}],
    ['due in the past, which is as soon as possible', { runAt: new Date(0) }],
    ['due in a year', { runAt: new Date(NOW + YEAR_MS) }],
    ['with an id of 100 characters', { messageId: 'x'.repeat(100) }],
  ])('%s is taken', (_title, message) => {
    expect(check(message, { queues: [letters] })).toBe('{"to":"you"}');
  });

  it.each([
    ['an empty id', { messageId: '' }, 'message-id', '1 to 100 characters'],
    ['an id of 101 characters', { messageId: 'x'.repeat(101) }, 'message-id', 'and this 101'],
    ['a queue without a name', { queue: '' }, 'queue', 'a queue'],
    [
      'a queue that is not declared',
      { queue: 'parcels' },
      'queue',
      'there is no queue parcels; there are letters',
    ],
    ['a text for a payload', { payload: 'you' as unknown as object }, 'payload', 'must be an object'],
    ['an array for a payload', { payload: [] }, 'payload', 'must be an object'],
    [
      'a payload that does not fit',
      { payload: { to: 5 } },
      'payload',
      'does not fit queue letters: to must be a text',
    ],
    [
      '2 MB',
      { payload: { to: 'x'.repeat(2_000_000) } },
      'payload-too-large',
      'has 2000009 bytes, and 262144 is the limit',
    ],
    ['an invalid date', { runAt: new Date('never') }, 'run-at', 'Invalid Date'],
    [
      'a due time ten years ahead',
      { runAt: new Date(NOW + 10 * YEAR_MS) },
      'run-at',
      'at most 366 days ahead',
    ],
  ])('with %s is refused, and the error says why', (_title, message, code, said) => {
    expect(() => check(message, { queues: [letters] })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(said) }),
    );
  });

  it('goes to any queue where none are declared', () => {
    expect(check({ queue: 'anywhere', payload: { to: 5 } })).toBe('{"to":5}');
  });
});
