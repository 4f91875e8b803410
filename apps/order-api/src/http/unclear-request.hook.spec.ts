import { describe, expect, it } from 'vitest';
import { faultOf } from './unclear-request.hook.js';

/** Headers as Node gives them: names and values in turn, each byte a character. */
function requestOf(url: string, ...pairs: [name: string, value: string][]) {
  const headersDistinct: Record<string, string[]> = {};
  for (const [name, value] of pairs) (headersDistinct[name.toLowerCase()] ??= []).push(value);
  const headers = Object.fromEntries(Object.entries(headersDistinct).map(([name, [first]]) => [name, first]));
  const host = headers['host'] === undefined ? { host: 'x' } : {};
  return { url, httpVersion: '1.1', rawHeaders: pairs.flat(), headers: { ...host, ...headers } };
}
const codeOf = (...args: Parameters<typeof requestOf>) =>
  (faultOf(requestOf(...args)) as { code?: string } | undefined)?.code;
const bytes = (text: string) => Buffer.from(text).toString('latin1');

describe('a URL', () => {
  it.each([
    ['/v1/users?namePrefix=%C3%A9', undefined],
    ['/v1/users?namePrefix=a+b%25', undefined],
    ['/v1/users?namePrefix=%ff', 'bad-request'],
    ['/v1/users?namePrefix=%C3', 'bad-request'],
    ['/v1/users?namePrefix=%ED%A0%80', 'bad-request'],
    ['/v1/users?namePrefix=%', 'bad-request'],
    ['/v1/users?%e9=1', 'bad-request'],
    [bytes('/v1/users?namePrefix=é'), 'bad-request'],
  ])('%s: %s', (url, code) => expect(codeOf(url)).toBe(code));
});

describe('a header', () => {
  it.each([
    ['User-Agent', bytes('Besucher für Fourfold'), undefined],
    ['User-Agent', '\xe9', 'bad-request'],
    ['Idempotency-Key', '\xff', 'bad-request'],
  ])('%s: %j: %s', (name, value, code) => expect(codeOf('/', [name, value])).toBe(code));

  it.each(['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'X-Consistency-Token'])(
    '%s must come once, also when both are the same',
    (name) => {
      expect(codeOf('/', [name, 'application/json'])).toBeUndefined();
      expect(codeOf('/', [name, 'application/json'], [name.toLowerCase(), 'application/json'])).toBe(
        'validation-failed',
      );
    },
  );

  it('that may come often does', () => {
    expect(codeOf('/', ['Accept', 'a/b'], ['Accept', 'c/d'])).toBeUndefined();
  });
});

describe('a body', () => {
  const type = (value: string) => codeOf('/', ['Content-Type', value]);

  it.each([
    ['application/json', undefined],
    ['application/json; charset=utf-8', undefined],
    ['application/json;Charset="UTF-8"', undefined],
    ['application/json; charset=utf8', undefined],
    ['application/json; charset=latin1', 'unsupported-media-type'],
    ['application/json; charset="utf-16"', 'unsupported-media-type'],
    ['application/json; x=y; charset=iso-8859-1', 'unsupported-media-type'],
    ['application/json; charset=', 'unsupported-media-type'],
    ['application/json; charset=utf-8; charset=latin1', 'unsupported-media-type'],
    ['application/json; charset=utf-8; x=y; Charset="utf-8"', 'unsupported-media-type'],
  ])('of type %s: %s', (value, code) => expect(type(value)).toBe(code));

  it.each([
    ['identity', undefined],
    ['gzip', 'unsupported-media-type'],
    ['br, gzip', 'unsupported-media-type'],
  ])('encoded as %s: %s', (encoding, code) => {
    expect(codeOf('/', ['Content-Encoding', encoding])).toBe(code);
  });
});
