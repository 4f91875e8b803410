import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { BadRequestError, UnsupportedMediaTypeError } from '@fourfold/observability';
import { ExpectationFailedError, ValidationError } from './http.errors.js';

/** Headers that mean one thing. Node would take the first of several, or join them to one that no client has sent. */
const ONCE = [
  'authorization',
  'content-encoding',
  'content-type',
  'host',
  'idempotency-key',
  'if-match',
  'x-consistency-token',
];
/** A bit for each: what a request has is one number. */
const BITS: ReadonlyMap<string, number> = new Map(ONCE.map((name, at) => [name, 1 << at]));

/** The parameter of a content type, wherever it stands. */
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/gi;

/** Refuses, before anything else looks at it, what could be read in more than one way, or only with a guess. */
export function refuseUnclear(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => done(faultOf(request.raw)));
}

/** What is not clear about a request; `undefined` when all is. */
export function faultOf(
  request: Pick<IncomingMessage, 'url' | 'httpVersion' | 'rawHeaders' | 'headers'>,
): Error | undefined {
  const { url = '', httpVersion, rawHeaders, headers } = request;
  if (!isDecodable(url)) return new BadRequestError(new Error('The URL is not UTF-8, percent-encoded'));
  if (!areText(rawHeaders)) return new BadRequestError(new Error('A header is not UTF-8'));
  if (headers.host === undefined && httpVersion !== '1.0')
    return new BadRequestError(new Error('The header Host is missing'));
  if (!isMet(headers.expect)) return new ExpectationFailedError();
  const repeated = repeatedOf(rawHeaders);
  if (repeated !== 0) {
    const names = ONCE.filter((name) => (repeated & BITS.get(name)!) !== 0);
    return new ValidationError(names.map((path) => ({ path, message: 'must be sent once' })));
  }
  return isReadable(headers) ? undefined : new UnsupportedMediaTypeError();
}

/** The bits of those that must be sent once, and were not. @param rawHeaders names and values in turn */
function repeatedOf(rawHeaders: readonly string[]): number {
  let seen = 0;
  let repeated = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const bit = BITS.get(rawHeaders[i]!.toLowerCase()) ?? 0;
    repeated |= seen & bit;
    seen |= bit;
  }
  return repeated;
}

/** Names are ASCII, or Node refuses the request. */
function areText(rawHeaders: readonly string[]): boolean {
  for (let i = 1; i < rawHeaders.length; i += 2) if (!isText(rawHeaders[i]!)) return false;
  return true;
}

/** The router has decoded the path; the parser of the query lets pass what it can't decode. */
function isDecodable(url: string): boolean {
  if (/[^\x21-\x7e]/.test(url)) return false;
  try {
    return !url.includes('%') || decodeURIComponent(url) !== '';
  } catch {
    return false;
  }
}

/** Node gives each byte of a header as one character. */
function isText(header: string): boolean {
  return !/[\x80-\xff]/.test(header) || isUtf8(Buffer.from(header, 'latin1'));
}

/** Node meets the one expectation that there is, by `100 Continue`. */
function isMet(expectation: string | undefined): boolean {
  return expectation === undefined || /^100-continue$/i.test(expectation);
}

function isReadable(headers: IncomingMessage['headers']): boolean {
  const { 'content-encoding': encoding = '', 'content-type': type = '' } = headers;
  if (encoding === '' && type === '') return true;
  // Of several, one reader takes the first and another the last.
  const [charset = 'utf-8', ...others] = Array.from(type.matchAll(CHARSET), ([, name = '']) => name);
  return /^(identity)?$/i.test(encoding.trim()) && /^utf-?8$/i.test(charset) && others.length === 0;
}
