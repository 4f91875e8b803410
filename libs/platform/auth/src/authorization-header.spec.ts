import { describe, expect, it } from 'vitest';
import { basicPassword, bearerToken } from './authorization-header.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('bearerToken', () => {
  it.each([
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['Bearer  a.b.c', 'a.b.c'],
    ['Bearer    a.b.c', 'a.b.c'],
    ['Bearer\ta.b.c', undefined],
    ['Bearer a.b.c and more', 'a.b.c'],
    ['Bearer', undefined],
    ['Bearer  ', undefined],
    ['Bearer ', undefined],
    [' Bearer a.b.c', undefined],
    ['a.b.c', undefined],
    [basic('x:a.b.c'), undefined],
    [undefined, undefined],
  ])('of %j is %j', (header, token) => expect(bearerToken(header)).toBe(token));
});

describe('basicPassword', () => {
  it.each([
    [basic('operator:a.b.c'), 'a.b.c'],
    [basic(':a.b.c'), 'a.b.c'],
    [basic('x:with:colons'), 'with:colons'],
    [basic('no colon'), undefined],
    [basic('x:'), undefined],
    [basic('operator:a.b.c').replace(' ', '  '), 'a.b.c'],
    ['Basic', undefined],
    ['Basic !!!', undefined],
    ['Bearer a.b.c', undefined],
    [undefined, undefined],
  ])('of %j is %j', (header, password) => expect(basicPassword(header)).toBe(password));
});
