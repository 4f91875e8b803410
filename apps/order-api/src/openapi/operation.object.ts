import { z } from 'zod';
import { headersOf } from './answer.headers.js';
import { refusalsOf } from './common.refusals.js';
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
  const { path, method, id, access, operation } = route;
  const { summary, parameters, body, answers } = operation;
  const answered = [...answers].map(([status, answer]) => {
    // A write's answer has a token, whether or not anything was written.
    const headers = method === 'get' ? answer.headers : [...answer.headers, CONSISTENCY_TOKEN.name];
    return [status, answerObject({ ...answer, headers }, schemas)] as const;
  });
  return {
    tags: [tagOf(path)],
    operationId: id,
    summary,
    description: WHO[access],
    ...(access === 'public' && { security: [] }),
    parameters: [...parameters, CONSISTENCY_TOKEN].map(({ schema, ...parameter }) => ({
      ...parameter,
      schema: schemas.of(schema),
    })),
    ...(body && { requestBody: { required: true, content: { [JSON_TYPE]: { schema: schemas.of(body) } } } }),
    responses: Object.fromEntries([...answered, ...refusals.of(refusalsOf(operation, access))]) as object,
  };
}

function answerObject({ schema, headers }: Answer, schemas: SchemaComponents): object {
  return {
    description: schema ? 'Done' : 'The answer is still the one with that ETag',
    headers: headersOf([...headers, 'X-Request-Id']),
    ...(schema && { content: { [JSON_TYPE]: { schema: schemas.of(schema) } } }),
  };
}
