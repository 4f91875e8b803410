import { ManualClock } from '@fourfold/kernel';
import { expect, it } from 'vitest';
import { LocalLinks } from './local.links.js';

const [OLD, NEW] = ['the secret of before', 'the secret of today'];
const clock = new ManualClock(1_000_000);
const linksOf = (...secrets: string[]) => new LocalLinks('https://shop.example/v1/files', secrets, clock);

/** As an application sees it: the path below the base, and the query. */
function partsOf(url: string) {
  const { pathname, searchParams } = new URL(url);
  return { key: pathname.slice('/v1/files/'.length), query: Object.fromEntries(searchParams) };
}
const made = (links: LocalLinks) =>
  partsOf(links.make('a/1.pdf', { fileName: 'one.pdf', expiresAt: new Date(clock.now() + 5_000) }));

it('a link is good until the second in which it expires', () => {
  const { key, query } = made(linksOf(NEW));
  expect(linksOf(NEW).nameOf(key, query)).toBe('one.pdf');
  clock.advance(4_999);
  expect(linksOf(NEW).nameOf(key, query)).toBe('one.pdf');
  clock.advance(1);
  expect(linksOf(NEW).nameOf(key, query)).toBeUndefined();
});

it('a link made with a secret that is being replaced is good, and no longer when it is gone', () => {
  const { key, query } = made(linksOf(OLD));
  expect(linksOf(NEW, OLD).nameOf(key, query)).toBe('one.pdf');
  expect(linksOf(NEW).nameOf(key, query)).toBeUndefined();
});

it('what a client makes of a link is good for nothing', () => {
  const { key, query } = made(linksOf(NEW));
  const { signature, expires } = query as Record<'signature' | 'expires', string>;
  for (const changed of [
    {},
    { ...query, signature: undefined },
    { ...query, signature: '' },
    { ...query, signature: [signature, signature] },
    { ...query, signature: `${signature}=` },
    { ...query, signature: signature.slice(0, -2) },
    { ...query, name: 'other.pdf' },
    { ...query, expires: `${expires} ` },
    { ...query, expires: 'Infinity' },
    { ...query, expires: String(Number(expires) + 1) },
  ])
    expect([changed, linksOf(NEW).nameOf(key, changed)]).toEqual([changed, undefined]);
  expect(linksOf(NEW).nameOf('a/2.pdf', query)).toBeUndefined();
});
