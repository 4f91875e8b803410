import { createHmac } from 'node:crypto';
import { ManualClock } from '@fourfold/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { mariadbDialect } from '../engine/mariadb.dialect.js';
import { mysqlDialect } from '../engine/mysql.dialect.js';
import { ConsistencyTokens } from './consistency.token.js';
import type { Freshness } from './freshness.js';

const TTL_MS = 60_000;
const SECRET = 'a-secret-of-at-least-32-characters';
const OTHER_SECRET = 'another-secret-of-over-32-characters';
const written: Freshness = { position: '1-1-42,2-7-18446744073709551615', primaryUntilMs: 5_000 };

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock(1_000_000);
});

function tokens(secrets: readonly string[] = [SECRET], dialect = mariadbDialect): ConsistencyTokens {
  return new ConsistencyTokens({ secrets, ttlMs: TTL_MS, dialect, clock });
}

/** Signed as ours are, whatever is in it. */
function signed(content: string, version = 'v1'): string {
  const text = `${version}.${Buffer.from(content).toString('base64url')}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

const payload = (changes: object = {}) =>
  JSON.stringify({ ...written, expiresMs: clock.now() + TTL_MS, ...changes });

describe('a consistency token', () => {
  it.each<Freshness>([
    written,
    { position: '', primaryUntilMs: 0 },
    { position: '0-1-1', primaryUntilMs: 0 },
    { position: '', primaryUntilMs: 1_002_000 },
  ])('brings back what it was made of: %j', (freshness) => {
    expect(tokens().read(tokens().issue(freshness))).toMatchObject({
      outcome: 'valid',
      freshness,
      carried: '',
    });
  });

  it('is text that a header takes as it is', () => {
    expect(tokens().issue(written)).toMatch(/^v1\.[\w-]+\.[\w-]{43}$/);
  });

  it('is good until its time is over, and expired from then on', () => {
    const token = tokens().issue(written);
    clock.advance(TTL_MS - 1);
    expect(tokens().read(token).outcome).toBe('valid');
    clock.advance(1);
    expect(tokens().read(token)).toEqual({ outcome: 'expired' });
  });
});

describe('a token of a caller whose writes lie between those of others for hours', () => {
  it('covers them all on MySQL, and stays short enough for a header', () => {
    const ours = tokens([SECRET], mysqlDialect);
    let position = '';
    let token = '';
    for (let write = 1; write <= 2_000; write += 1) {
      position = mysqlDialect.merge(position, `3e11fa47-71ca-11e1-9e33-c80aa9429562:${write * 1_000_003}`);
      token = ours.issue({ position, primaryUntilMs: 0 });
      const reading = ours.read(token);
      if (reading.outcome !== 'valid') throw new Error(`${reading.outcome} after ${write} writes`);
      expect(mysqlDialect.covers(reading.freshness.position, position)).toBe(true);
      position = reading.freshness.position;
    }
    expect(token.length).toBeLessThan(2_048);
  });
});

describe('a token that is not ours is invalid, never an error', () => {
  it('whichever of its characters was changed', () => {
    const token = tokens().issue(written);
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === 'A' ? 'B' : 'A';
      const tampered = token.slice(0, index) + other + token.slice(index + 1);
      expect(tokens().read(tampered), `character ${index}`).toEqual({ outcome: 'invalid' });
    }
  });

  it('whichever text decodes to the genuine signature', () => {
    const token = tokens().issue(written);
    expect(tokens().read(`${token}=`)).toEqual({ outcome: 'invalid' });
    expect(tokens().read(`${token}!`)).toEqual({ outcome: 'invalid' });
  });

  it.each([
    ['empty', ''],
    ['not of three parts', 'v1.e30'],
    ['of four parts', 'v1.e30.e30.e30'],
    ['not base64', 'v1.%%%.§§§'],
    ['without a payload', 'v1..c2lnbmF0dXJl'],
    ['without a signature', 'v1.e30.'],
    ['very long', `v1.${'A'.repeat(9_000)}.${'A'.repeat(43)}`],
  ])('when it is %s', (_what, token) => {
    expect(tokens().read(token)).toEqual({ outcome: 'invalid' });
  });

  it.each([
    ['of another version', () => signed(payload(), 'v2')],
    ['not JSON', () => signed('freshness')],
    ['JSON of something else', () => signed('{"sub":"1"}')],
    ['without an end', () => signed(JSON.stringify(written))],
    ['with a time that is none', () => signed(payload({ primaryUntilMs: -1 }))],
    ['with the position of another engine', () => signed(payload({ position: `${uuid}:1-5` }))],
    ['with text for a position', () => signed(payload({ position: "1-1-1' OR 1" }))],
  ])('when it is signed, and %s', (_what, token) => {
    expect(tokens().read(token())).toEqual({ outcome: 'invalid' });
  });

  it('when it was made with another secret', () => {
    expect(tokens().read(tokens([OTHER_SECRET]).issue(written))).toEqual({ outcome: 'invalid' });
  });

  it('when it comes from a cluster of another engine', () => {
    const foreign = tokens([SECRET], mysqlDialect).issue({ position: `${uuid}:1-5`, primaryUntilMs: 0 });
    expect(tokens().read(foreign)).toEqual({ outcome: 'invalid' });
    expect(tokens([SECRET], mysqlDialect).read(foreign).outcome).toBe('valid');
  });
});

describe('a change of secrets', () => {
  it('leaves tokens of the old one good while it is still listed, and new ones have the first', () => {
    const old = tokens([SECRET]).issue(written);
    const both = tokens([OTHER_SECRET, SECRET]);
    expect(both.read(old).outcome).toBe('valid');
    expect(tokens([OTHER_SECRET]).read(both.issue(written)).outcome).toBe('valid');
    expect(tokens([OTHER_SECRET]).read(old).outcome).toBe('invalid');
  });

  it('has no gap when every process verifies the new one before any signs with it', () => {
    const [before, after] = [tokens([SECRET, OTHER_SECRET]), tokens([OTHER_SECRET, SECRET])];
    expect(before.read(after.issue(written)).outcome).toBe('valid');
    expect(after.read(before.issue(written)).outcome).toBe('valid');
  });
});

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
