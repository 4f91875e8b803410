import type { Type } from '@nestjs/common';
import { documentedRoutesOf } from './documented.routes.js';
import { SchemaComponents } from '../routes/json-schema.js';
import { answerHeaders } from './answer.headers.js';
import { operationObject, tagOf } from './operation.object.js';
import { RefusalComponents } from './refusal.components.js';

export interface OpenApiDocument {
  readonly openapi: string;
  /** By path and method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly [part: string]: unknown;
}

const TAGS: Readonly<Record<string, string>> = {
  admin: 'For operators: what the parts of the platform are at, and what can be done about it',
  orders: 'Orders, from their acceptance on',
  products: 'The catalogue',
  reports: 'Reports, which are made in the background',
  users: 'Customers, and what is theirs',
};

/** Describes the routes of these controllers, by the schemas that check their requests and by their decorators. */
export function openApiDocument(controllers: readonly Type[]): OpenApiDocument {
  const schemas = new SchemaComponents();
  const refusals = new RefusalComponents(schemas);
  const paths: Record<string, Record<string, object>> = {};
  for (const route of controllers.flatMap(documentedRoutesOf))
    (paths[route.path] ??= {})[route.method] = operationObject(route, schemas, refusals);
  const tags = [...new Set(Object.keys(paths).map(tagOf))].sort();
  const headers = Object.entries(answerHeaders).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fourfold order API',
      version: '1',
      description: 'Places orders, and shows what becomes of them.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The process that serves this document' }],
    security: [{ bearer: [] }],
    tags: tags.map((name) => ({ name, description: TAGS[name] ?? name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      headers: Object.fromEntries(headers) as object,
      schemas: schemas.all,
      responses: refusals.all,
    },
  };
}

/** As `docs/openapi.json` has it. */
export const printed = (document: OpenApiDocument): string => `${JSON.stringify(document, null, 2)}\n`;
