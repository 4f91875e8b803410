import { entityTag, matchesNone } from '@fourfold/cache';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describing } from '../routes/operation.js';

/** An answer whose body is JSON text already. */
export interface EncodedAnswer {
  readonly etag: string;
  readonly body: string;
}

/** `Cache-Control` of what its reader may keep, and has to ask about each time: a browser for its user, … */
export const PRIVATE = 'private, no-cache';
/** … or a cache between for every one of its users. */
export const SHARED = 'no-cache';
type Sharing = typeof PRIVATE | typeof SHARED;

const JSON_TYPE = 'application/json; charset=utf-8';

const texts = new WeakMap<object, EncodedAnswer>();

/** Under the tag of its text, which is made once of the same object: it must not change. */
export function encoded(answer: object): EncodedAnswer {
  let text = texts.get(answer);
  if (!text) {
    const body = JSON.stringify(answer);
    text = { etag: entityTag(body), body };
    texts.set(answer, text);
  }
  return text;
}

/** For a handler that returns its answer. @returns what is to be sent; the reply is prepared for it */
export function conditional(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  { etag, body }: EncodedAnswer,
  sharing: Sharing,
): string | undefined {
  reply.header('cache-control', sharing).header('etag', etag);
  if (matchesNone(headers['if-none-match'], etag)) {
    reply.header('content-type', JSON_TYPE);
    return body;
  }
  reply.code(304);
  return undefined;
}

/** To a client that has the answer still, 304 without the body. */
export function sendConditional(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: EncodedAnswer,
  sharing: Sharing = PRIVATE,
): void {
  void reply.send(conditional(request, reply, answer, sharing));
}

/** Says that a route answers by `sendConditional`. */
export function Conditional(): MethodDecorator {
  return describing((operation) => void (operation.isConditional = true));
}
