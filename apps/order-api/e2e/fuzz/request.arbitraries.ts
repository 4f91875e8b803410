import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Operation } from './api.document.js';
import { hostileTexts, hostileValues } from './hostile.texts.js';
import { type Known, valid } from './schema.arbitraries.js';

export interface FuzzedRequest {
  readonly kind: 'valid' | 'nearly valid' | 'hostile';
  readonly method: string;
  /** With its query, percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Parts of a request, before they are put together. */
interface Parts {
  path: Record<string, string>;
  query: [name: string, value: string][];
  headers: Record<string, string>;
  body: unknown;
}

/** @param known what is there, by the parameter `path` of a part of the path too: `/v1/users/{id}` */
export function requestsOf(operation: Operation, known: Known): fc.Arbitrary<FuzzedRequest> {
  const good = goodParts(operation, known);
  return fc.oneof(
    good.map((parts) => put(operation, 'valid', parts)),
    fc.tuple(good, fault(operation)).map(([parts, spoil]) => put(operation, 'nearly valid', spoil(parts))),
    fc.tuple(good, attack(operation)).map(([parts, spoil]) => put(operation, 'hostile', spoil(parts))),
  );
}

function goodParts({ parameters, path, body }: Operation, known: Known): fc.Arbitrary<Parts> {
  const of = (kind: string) => parameters.filter((parameter) => parameter.in === kind);
  const record = (kind: string, key: (name: string) => string) =>
    fc
      .tuple(
        ...of(kind).map(({ name, schema, required }) => {
          const value = valid(schema, known, key(name)).map((given) => [[name, String(given)]] as const);
          // One in four: several of them seldom go together.
          return required ? value : fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, value);
        }),
      )
      .map((entries): Record<string, string> => Object.fromEntries(entries.flat()));
  const own = path.replace(/(\{\w+\}).*$/, '$1');
  return fc
    .tuple(
      record('path', (name) => (name === 'id' ? own : name)),
      record('query', (name) => `${path} ${name}`),
      record('header', (name) => name),
      body ? valid(body, known) : fc.constant(undefined),
    )
    .map(([inPath, query, headers, content]) => ({
      path: inPath,
      query: Object.entries(query),
      headers,
      body: content,
    }));
}

type Spoil = (parts: Parts) => Parts;

/** One thing is wrong, as a client's mistake would have it. */
function fault({ body, parameters }: Operation): fc.Arbitrary<Spoil> {
  const faults: fc.Arbitrary<Spoil>[] = [
    fc.constant((parts) => ({ ...parts, headers: { ...parts.headers, authorization: '' } })),
    fc
      .constantFrom('text/plain', 'application/json; charset=latin1', 'application/xml')
      .map((type): Spoil => (parts) => ({ ...parts, headers: { ...parts.headers, 'content-type': type } })),
    fc.constant((parts) => ({ ...parts, query: [...parts.query, ['unknown', '1']] })),
  ];
  for (const { name } of parameters.filter(({ in: where, required }) => where === 'header' && required))
    faults.push(
      fc.constant((parts) => {
        const { [name]: _dropped, ...headers } = parts.headers;
        return { ...parts, headers };
      }),
    );
  if (body)
    faults.push(
      fc.constant((parts) => ({ ...parts, body: undefined })),
      fc.constant((parts) => ({ ...parts, body: { ...(parts.body as object), unknown: 1 } })),
      fc
        .nat()
        .map((nth): Spoil => (parts) => ({ ...parts, body: changed(parts.body, nth, () => undefined) })),
      fc
        .tuple(fc.nat(), fc.constantFrom<unknown>(null, '', -1, 1.5, 2 ** 53, [], {}, true, 'x'))
        .map(([nth, value]): Spoil => (parts) => ({ ...parts, body: changed(parts.body, nth, () => value) })),
    );
  return fc.oneof(...faults);
}

/** Something is put where no client would put it. */
function attack({ body, parameters }: Operation): fc.Arbitrary<Spoil> {
  const text = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'binary', maxLength: 50 }));
  const attacks: fc.Arbitrary<Spoil>[] = [
    fc
      .constantFrom(...hostileTexts)
      .map((name): Spoil => (parts) => ({ ...parts, query: [...parts.query, [name, '1']] })),
    text.map((value): Spoil => (parts) => ({
      ...parts,
      headers: { ...parts.headers, 'x-consistency-token': value },
    })),
    text.map((value): Spoil => (parts) => ({
      ...parts,
      headers: { ...parts.headers, authorization: `Bearer ${value}` },
    })),
    text.map((value): Spoil => (parts) => ({
      ...parts,
      headers: { ...parts.headers, 'x-request-id': value },
    })),
  ];
  for (const { name, in: where } of parameters)
    attacks.push(
      text.map((value): Spoil => (parts) => {
        if (where === 'path')
          return { ...parts, path: { ...parts.path, [name]: value === '' ? ' ' : value } };
        if (where === 'header') return { ...parts, headers: { ...parts.headers, [name]: value } };
        return { ...parts, query: [...parts.query, [name, value]] };
      }),
    );
  if (body)
    attacks.push(
      fc
        .tuple(fc.nat(), fc.constantFrom(...hostileValues))
        .map(([nth, value]): Spoil => (parts) => ({ ...parts, body: changed(parts.body, nth, () => value) })),
      fc.constantFrom(...hostileValues).map((value): Spoil => (parts) => ({ ...parts, body: value })),
      fc
        .constantFrom(...hostileTexts)
        .map((name): Spoil => (parts) => ({ ...parts, body: { ...(parts.body as object), [name]: 1 } })),
      fc
        .constantFrom(
          '{"__proto__":{"role":"operator"}}',
          '{"constructor":{"prototype":{"x":1}}}',
          '{"a":1,"a":2}',
          '['.repeat(50_000),
          `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
          '{"n":1e99999}',
          '"\\ud800"',
          '{',
          '',
          '\ufeff{}',
        )
        .map((raw): Spoil => (parts) => ({ ...parts, body: new RawBody(raw) })),
    );
  return fc.oneof(...attacks);
}

/** Sent as it is. */
class RawBody {
  constructor(readonly text: string) {}
}

/** A copy in which one leaf or part, whichever is the nth of all, is another. */
function changed(value: unknown, nth: number, to: (part: unknown) => unknown): unknown {
  const copy = structuredClone(value);
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const look = (holder: unknown): void => {
    if (typeof holder !== 'object' || holder === null) return;
    for (const key of Object.keys(holder)) {
      places.push([holder as Record<string, unknown>, key]);
      look((holder as Record<string, unknown>)[key]);
    }
  };
  look(copy);
  const place = places[nth % Math.max(1, places.length)];
  if (!place) return to(copy);
  const [holder, key] = place;
  holder[key] = to(holder[key]);
  return copy;
}

function put(operation: Operation, kind: FuzzedRequest['kind'], parts: Parts): FuzzedRequest {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(parts.path[name] ?? ''));
  const query = parts.query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(parts.headers)) {
    // Node's client sends no others: those are tried over a plain socket, in `owasp/`.
    const sendable = Buffer.from(value.toWellFormed())
      .toString('latin1')
      .replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
    headers[name.toLowerCase()] = sendable.slice(0, 8_000);
  }
  // A key that was used is answered as it was: each valid order or report has one of its own.
  if (kind === 'valid' && headers['idempotency-key'] !== undefined) headers['idempotency-key'] = randomUUID();
  const { body } = parts;
  const text = body instanceof RawBody ? body.text : body === undefined ? undefined : JSON.stringify(body);
  return {
    kind,
    method: operation.method,
    path: query === '' ? path : `${path}?${query}`,
    headers,
    ...(text !== undefined && { body: text }),
  };
}

/** A lone surrogate has no encoding. A dot by itself would be a step, for some. */
const encoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed().slice(0, 3_000)).replace(/^\.+$/, (dots) =>
    dots.replaceAll('.', '%2E'),
  );
