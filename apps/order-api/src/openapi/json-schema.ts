import { z } from 'zod';

/** The part of JSON Schema that we produce, as OpenAPI 3.1 takes it. */
export interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  [keyword: string]: unknown;
}

/** What a caller may send, as JSON Schema. Checks that JSON Schema can't say are left to the validator. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json as JsonSchema;
}
