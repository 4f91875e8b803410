import { z } from 'zod';

/** The part of JSON Schema that we produce, as OpenAPI 3.1 takes it. */
export interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  required?: string[];
  [keyword: string]: unknown;
}

/** Turns Zod's schemas into JSON Schema. Those with an `id` in their `meta` become components, and are referred to. */
export class SchemaComponents {
  readonly all: Record<string, JsonSchema> = {};

  /** Of what a caller may send, or is sent. Checks that JSON Schema can't say are left to the validator. */
  of(schema: z.ZodType): JsonSchema {
    const json = jsonSchemaOf(schema);
    const {
      $defs = {},
      id,
      ...rest
    } = JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema & {
      $defs?: Record<string, JsonSchema>;
      id?: string;
    };
    for (const [name, { id: _id, ...definition }] of Object.entries($defs)) this.all[name] = definition;
    if (id === undefined) return rest;
    this.all[id] = rest;
    return { $ref: `#/components/schemas/${id}` };
  }
}

export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json as JsonSchema;
}
