import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { entityTag } from './entity-tag.js';
import { answerOf, type Headers, type RouteReply, Uncacheable } from './route-answer.js';

class Reply implements RouteReply {
  constructor(
    private readonly headers: Headers = {},
    readonly statusCode = 200,
  ) {}

  getHeaders(): Headers {
    return this.headers;
  }
}

const answer = (value: unknown, reply: RouteReply = new Reply(), before: Headers = {}) =>
  answerOf(value, reply, before);

describe('an answer', () => {
  it('has the body as JSON has it, frozen, and the ETag of that', () => {
    const given = answer({ at: new Date(0), gone: undefined, list: [{}] });
    const body = { at: '1970-01-01T00:00:00.000Z', list: [{}] };
    expect(given).toStrictEqual({ body, headers: {}, etag: entityTag(JSON.stringify(body)) });
    expect(Object.isFrozen((given as unknown as { body: typeof body }).body.list[0])).toBe(true);
  });

  it.each([[[1]], ['text'], [0], [false], [''], [Object.create(null)]])('may be %j', (value) => {
    expect(answer(value)).toMatchObject({ etag: entityTag(JSON.stringify(value)) });
  });

  it('takes along the headers that the handler has set, and its ETag', () => {
    const before = { 'x-request-id': '1', 'cache-control': 'no-cache' };
    const after = { ...before, 'cache-control': 'max-age=5', link: ['a', 'b'], etag: 'W/"v7"' };
    expect(answer(1, new Reply(after), before)).toEqual({
      body: 1,
      headers: { 'cache-control': 'max-age=5', link: ['a', 'b'] },
      etag: 'W/"v7"',
    });
  });

  class Entity {
    readonly password = 'secret';
  }

  it.each([
    ['a status other than 200', 1, new Reply({}, 202)],
    ['a cookie', 1, new Reply({ 'set-cookie': ['a=b'] })],
    ['Cache-Control: private', 1, new Reply({ 'cache-control': 'max-age=5, Private' })],
    ['Cache-Control: no-store', 1, new Reply({ 'cache-control': 'no-store' })],
    ['no body', undefined],
    ['null for a body', null],
    ['a Buffer', Buffer.from('x')],
    ['a stream', Readable.from([])],
    ['a file', new StreamableFile(Buffer.from('x'))],
    ['a Response', new Response('x')],
    ['a Map inside', { a: new Map() }],
    ['an instance of a class, which a serialiser may still have to strip', [{ user: new Entity() }]],
  ])('with %s is not cached', (_what, value, reply?: RouteReply) => {
    expect(answer(value, reply)).toBeInstanceOf(Uncacheable);
  });

  it('with a cookie that @fastify/cookie has not written yet is not cached', () => {
    const reply = new Reply();
    Object.assign(reply, { [Symbol('fastify.reply.setCookies')]: new Map([['a;;/', {}]]) });
    expect(answer(1, reply)).toBeInstanceOf(Uncacheable);
    const other = Object.assign(new Reply(), { [Symbol('fastify.reply.setCookies')]: new Map() });
    expect(answer(1, other)).not.toBeInstanceOf(Uncacheable);
  });
});
