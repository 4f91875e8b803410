import { z } from 'zod';
import { headersOf } from './answer.headers.js';
import { refusalsOf } from './refusals.js';
import type { DocumentedRoute } from './documented.routes.js';
import type { SchemaComponents } from '../routes/json-schema.js';
import type { Answer, Parameter } from '../routes/operation.js';
import type { RefusalComponents } from './refusal.components.js';

const JSON_TYPE = 'application/json';

const CONSISTENCY_TOKEN: Parameter = {
  name: 'X-Consistency-Token',
  in: 'header',
  required: false,
  schema: z.string(),
  description: 'Of an earlier answer: what is read here is at least as new. One that is not valid is ignored',
};

const IF_NONE_MATCH: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  schema: z.string(),
  description: 'The ETag of an earlier answer, a list of them, or *',
};

const WHO = {
  public: 'Needs no token.',
  customers: 'For the customer that it is about, and for operators.',
  operators: 'For operators.',
} as const;

/** What the second part of a path says. */
export const tagOf = (path: string): string => path.split('/')[2] ?? '';

export function operationObject(
  route: DocumentedRoute,
  schemas: SchemaComponents,
  refusals: RefusalComponents,
): object {
  const { path, id, access, operation } = route;
  const { summary, body } = operation;
  const parameters = [
    ...operation.parameters,
    ...(operation.isConditional ? [IF_NONE_MATCH] : []),
    CONSISTENCY_TOKEN,
  ];
  return {
    tags: [tagOf(path)],
    operationId: id,
    summary,
    description: WHO[access],
    ...(operation.deprecated && { deprecated: true }),
    ...(access === 'public' && { security: [] }),
    parameters: parameters.map(({ schema, ...parameter }) => ({ ...parameter, schema: schemas.of(schema) })),
    ...(body && { requestBody: { required: true, content: { [JSON_TYPE]: { schema: schemas.of(body) } } } }),
    responses: Object.fromEntries([
      ...answersOf(route).map(([status, answer]) => [status, answerObject(answer, schemas)] as const),
      ...refusals.of(refusalsOf(route)),
    ]) as object,
  };
}

function answersOf({ method, operation }: DocumentedRoute): [status: number, answer: Answer][] {
  const more = [
    ...(operation.isConditional ? ['ETag', 'Cache-Control'] : []),
    // A write's answer has a token, whether or not anything was written.
    ...(method === 'get' ? [] : [CONSISTENCY_TOKEN.name]),
  ];
  return [...operation.answers].flatMap(([status, { schema, headers }]) => {
    const all = { headers: [...headers, ...more] };
    const same: [number, Answer][] = operation.isConditional ? [[304, all]] : [];
    return [[status, { ...all, ...(schema && { schema }) }], ...same];
  });
}

function answerObject({ schema, headers }: Answer, schemas: SchemaComponents): object {
  return {
    description: schema ? 'Done' : 'The answer is still the one with that ETag',
    headers: headersOf([...headers, 'X-Request-Id']),
    ...(schema && { content: { [JSON_TYPE]: { schema: schemas.of(schema) } } }),
  };
}
