import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import type { ErrorKind } from '@fourfold/kernel';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { controllers } from '../controllers.js';
import { documentedRoutesOf } from './documented.routes.js';
import { openApiDocument, printed } from './open-api.document.js';
import { REFUSALS_OF_ANY, REFUSALS_OF_BODIES, REFUSALS_OF_CALLERS, refusalsOf } from './refusals.js';

type Operation = { responses: Record<string, unknown>; operationId: string };

const document = openApiDocument(controllers);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    route: `${method} ${path}`,
    ...(operation as Operation),
  })),
);

async function problemsIn(source: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lintFromString({ source: JSON.stringify(source), config });
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

/** It needs no token, so it has no caller. */
const isOpen = (route: string): boolean => route === 'post /v1/email-confirmations';

/** What is begun is accepted, and what a dry run shows is all there. */
const successesOf = (route: string): number => (route === 'post /v1/admin/migrations' ? 2 : 1);

describe('the document', () => {
  it('is OpenAPI 3.1 that a linter has nothing to say of', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(await problemsIn(document)).toEqual([]);
    expect(await problemsIn({ ...document, security: undefined })).not.toEqual([]);
  });

  it('is the one that is kept in docs/: `npm run openapi` writes it', () => {
    const kept = new URL('../../../../docs/openapi.json', import.meta.url);
    expect(readFileSync(kept, 'utf8')).toBe(printed(document));
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(operations)('has a success of $route, and what any route may refuse', ({ responses, route }) => {
    const statuses = Object.keys(responses);
    expect(statuses.filter((status) => status.startsWith('2'))).toHaveLength(successesOf(route));
    expect(statuses).toEqual(
      expect.arrayContaining(isOpen(route) ? ['400', '500', '503'] : ['400', '401', '429', '500', '503']),
    );
  });

  it('says with which codes an order is refused', () => {
    const { responses } = operations.find(({ route }) => route === 'post /v1/orders')!;
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['201', '404', '409', '413', '415', '422']),
    );
    const { $ref } = responses['409'] as { $ref: string };
    const components = document['components'] as { responses: Record<string, object> };
    expect(JSON.stringify(components.responses[$ref.split('/').at(-1)!])).toContain(
      '["idempotency-in-progress","insufficient-stock"]',
    );
  });
});

describe('what any route may refuse', () => {
  const textOf = (page: string) => readFileSync(new URL(`../../../../docs/${page}`, import.meta.url), 'utf8');

  /** Each code of a text, with the status that stands before it. */
  function codesIn(text: string): string[] {
    let status = '';
    return Array.from(text.matchAll(/(\d{3}) |`([a-z-]+)`/g), ([, next, code]) => {
      if (next !== undefined) status = next;
      return code === undefined ? [] : [`${status} ${code}`];
    }).flat();
  }
  const listOf = (kinds: readonly ErrorKind[]) => kinds.map(({ status, code }) => `${status} ${code}`);

  it('is what docs/api.md says of any route, and of any that is no GET', () => {
    const paragraph = /^These can come from any route[^\n]*/m.exec(textOf('api.md'))![0];
    const [ofAny = '', ofBodies = ''] = paragraph.split('and from any that is no `GET`');
    const any = listOf([...REFUSALS_OF_ANY, ...REFUSALS_OF_CALLERS]);
    expect(codesIn(ofAny).sort()).toEqual(any.sort());
    expect(codesIn(ofBodies).sort()).toEqual(listOf(REFUSALS_OF_BODIES).sort());
  });

  it('is in docs/errors.md, with its status', () => {
    const rows = new Set(
      Array.from(
        textOf('errors.md').matchAll(/^\| `([a-z-]+)` *\| (\d{3})/gm),
        ([, code, status]) => `${status} ${code}`,
      ),
    );
    const all = controllers.flatMap(documentedRoutesOf).flatMap((route) => listOf(refusalsOf(route)));
    expect(all.filter((code) => !rows.has(code))).toEqual([]);
  });
});

describe('headers', () => {
  const components = document['components'] as { responses: Record<string, { headers: object }> };
  const headersOf = (route: string, status: string) => {
    const { responses } = operations.find((operation) => operation.route === route)!;
    const response = responses[status] as { $ref?: string; headers?: object };
    const shared = components.responses[response.$ref?.split('/').at(-1) ?? ''];
    return Object.keys(shared?.headers ?? response.headers ?? {}).sort();
  };

  it.each([
    ['get /v1/orders/{id}', '401', ['WWW-Authenticate', 'X-Request-Id']],
    ['get /v1/orders/{id}', '503', ['Retry-After', 'X-Request-Id']],
    ['post /v1/orders', '409', ['Retry-After', 'X-Request-Id']],
    ['patch /v1/users/{id}', '409', ['X-Request-Id']],
    ['get /v1/orders/{id}', '200', ['Cache-Control', 'ETag', 'Warning', 'X-Request-Id']],
    ['get /v1/orders/{id}', '304', ['Cache-Control', 'ETag', 'Warning', 'X-Request-Id']],
    ['get /v1/orders/{id}', '404', ['Warning', 'X-Request-Id']],
    ['get /v1/admin/queues', '200', ['X-Request-Id']],
    ['get /v1/reports/{id}', '200', ['Cache-Control', 'ETag', 'X-Request-Id']],
  ])('%s has on %s: %j', (route, status, headers) => {
    expect(headersOf(route, status)).toEqual(headers);
  });
});
