import { STATUS_CODES } from 'node:http';
import type { ErrorKind } from '@fourfold/kernel';
import { IdempotencyInProgressError } from '@shop/contracts';
import { problem } from './answers.js';
import { headersOf, RATE_HEADERS } from './answer.headers.js';
import { RateLimitedError } from '../rates/rate.errors.js';
import type { SchemaComponents } from '../routes/json-schema.js';

/** A refusal for each status, with the codes that it may have: a component, since most routes share it. */
export class RefusalComponents {
  readonly all: Record<string, object> = {};
  private readonly names = new Map<string, string>();

  constructor(private readonly schemas: SchemaComponents) {}

  of(kinds: readonly ErrorKind[]): (readonly [status: number, reference: object])[] {
    return [...Map.groupBy(kinds, ({ status }) => status)].map(([status, same]) => [
      status,
      { $ref: `#/components/responses/${this.nameOf(status, same)}` },
    ]);
  }

  private nameOf(status: number, kinds: readonly ErrorKind[]): string {
    const codes = [...new Set(kinds.map(({ code }) => code))].sort();
    const key = codes.join();
    const known = this.names.get(key);
    if (known !== undefined) return known;
    const stem = (STATUS_CODES[status] ?? String(status)).replace(/[^A-Za-z]/g, '');
    const others = Object.keys(this.all).filter((name) => name.replace(/\d+$/, '') === stem).length;
    const name = others === 0 ? stem : `${stem}${others + 1}`;
    this.names.set(key, name);
    this.all[name] = this.refusal(status, kinds, codes);
    return name;
  }

  private refusal(status: number, kinds: readonly ErrorKind[], codes: readonly string[]): object {
    const schema = { allOf: [this.schemas.of(problem), { properties: { code: { enum: codes } } }] };
    return {
      description: [...new Set(kinds.map(({ title }) => title))].join('; '),
      headers: headersOf([...headersOfRefusal(status, codes), 'X-Request-Id']),
      content: { 'application/problem+json': { schema } },
    };
  }
}

function headersOfRefusal(status: number, codes: readonly string[]): string[] {
  const isRetried = status === 429 || status === 503 || codes.includes(IdempotencyInProgressError.code);
  return [
    ...(status === 401 ? ['WWW-Authenticate'] : []),
    ...(isRetried ? ['Retry-After'] : []),
    ...(codes.includes(RateLimitedError.code) ? RATE_HEADERS : []),
    // What is not found may have been written since.
    ...(status === 404 ? ['Warning'] : []),
  ];
}
