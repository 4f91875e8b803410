import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { controllers } from '../controllers.js';
import { openApiDocument } from './open-api.document.js';

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

describe('the document', () => {
  it('is OpenAPI 3.1 that a linter has nothing to say of', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(await problemsIn(document)).toEqual([]);
    expect(await problemsIn({ ...document, security: undefined })).not.toEqual([]);
  });

  it('is the one that is kept in docs/: `npm run openapi` writes it', () => {
    const kept = new URL('../../../../docs/openapi.json', import.meta.url);
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(operations)('has one success of $route, and what any route may refuse', ({ responses }) => {
    const statuses = Object.keys(responses);
    expect(statuses.filter((status) => status.startsWith('2'))).toHaveLength(1);
    expect(statuses).toEqual(expect.arrayContaining(['400', '401', '429', '500', '503']));
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
