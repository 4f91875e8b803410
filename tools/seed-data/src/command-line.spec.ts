import { UsageError } from '@fourfold-tools/stack';
import { expect, it } from 'vitest';
import { readCommandLine } from './command-line.js';

const NOW = Date.UTC(2026, 10, 29);
const shop = [
  '--primary',
  'mysql://app:secret@db.example/shop',
  '--shards',
  'shard-0=mysql://app@db.example/s',
];

it('needs nothing: five million orders of the last 90 days in this checkout’s stack', () => {
  expect(readCommandLine([], NOW)).toEqual({
    sizes: { orders: 5_000_000, users: 200_000, products: 10_000, days: 90, seed: 1, untilMs: NOW },
    besideOthers: false,
    urls: undefined,
  });
});

it.each<[string, string[], RegExp]>([
  ['an unknown option', ['--fast'], /--fast/],
  ['no order', ['--orders', '0'], /--orders is "0"; it has to be a whole number from 1/],
  ['half a day', ['--days', '0.5'], /--days is "0.5"/],
  ['no time', ['--until', 'tomorrow'], /--until is "tomorrow"/],
  ['a primary without shards', shop.slice(0, 2), /--primary and --shards go together/],
  ['a shard without a name', [...shop.slice(0, 3), 'mysql://app@127.0.0.1/s'], /--shards: /],
  ['a host of others', shop, /^db\.example is not this machine: .*--i-own-this-host/],
])('refuses %s, says what is wrong, and no password', (_name, argv, message) => {
  expect(() => readCommandLine(argv, NOW)).toThrow(UsageError);
  expect(() => readCommandLine(argv, NOW)).toThrow(message);
  expect(() => readCommandLine(argv, NOW)).not.toThrow(/secret/);
});

it('takes a host of others from its owner', () => {
  const read = readCommandLine([...shop, '--i-own-this-host'], NOW);
  expect(read).toMatchObject({ urls: { primaryUrl: 'mysql://app:secret@db.example/shop' } });
});
