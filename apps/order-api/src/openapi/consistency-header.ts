import type { OpenAPIObject } from '@nestjs/swagger';

const NAME = 'X-Consistency-Token';
const schema = { type: 'string' } as const;

const asked = {
  name: NAME,
  in: 'header' as const,
  required: false,
  schema,
  description: 'Of an earlier answer: what is read here is at least as new. One that is not valid is ignored',
};
const given = { schema, description: 'Send it with a read that has to see this write' };

/** Describes what holds for every route alike: each request may bring a token, each that may write gets one. */
export function describeConsistencyHeader({ paths }: OpenAPIObject): void {
  for (const { get, post, put, patch, delete: remove } of Object.values(paths)) {
    for (const operation of [get, post, put, patch, remove]) {
      if (operation) operation.parameters = [...(operation.parameters ?? []), asked];
    }
    for (const operation of [post, put, patch, remove]) {
      for (const [status, answer] of Object.entries(operation?.responses ?? {})) {
        if (!status.startsWith('2') || !answer || '$ref' in answer) continue;
        answer.headers = { ...answer.headers, [NAME]: given };
      }
    }
  }
}
