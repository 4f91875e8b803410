import type { z } from 'zod';
import { ConfigurationError } from './parse-env.js';

/**
 * Checks the options of a module once, at start.
 * @param schema a `z.strictObject`, so that a misspelt option is refused, with a default for each that may be left out
 * @param extras options that are no part of the schema, to be named among those that there are: a module's static ones
 * @throws ConfigurationError that names each option that is unknown or wrong and what is allowed, never its value: it
 *   may be a secret
 */
export function parseOptions<S extends z.ZodType>(
  module: string,
  schema: S,
  options: unknown,
  extras: readonly string[] = [],
): z.output<S> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, schema, extras));
  throw new ConfigurationError(module, problems, 'options');
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType, extras: readonly string[]): string[] {
  const path = issue.path.map(String);
  // The name of an entry of a record: why it is refused is a level below.
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => `${path.join('.')}: ${message}`);
  if (issue.code !== 'unrecognized_keys') return [`${path.join('.') || '(options)'}: ${issue.message}`];
  const allowed = [...optionsAt(schema, issue.path), ...(path.length === 0 ? extras : [])].join(', ');
  return issue.keys.map(
    (key) => `${[...path, key].join('.')}: there is no such option${allowed && `; there are ${allowed}`}`,
  );
}

/** The options that the object at `path` may have; none where the way goes through a union. */
function optionsAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  let at = schema as Walkable | undefined;
  for (const step of path) {
    at = unwrapped(at);
    at = at?.shape?.[step as string] ?? at?.element ?? at?.valueType;
  }
  return Object.keys(unwrapped(at)?.shape ?? {});
}

interface Walkable {
  readonly shape?: Readonly<Record<string, Walkable>>;
  readonly element?: Walkable;
  /** Of a record. */
  readonly valueType?: Walkable;
  readonly unwrap?: () => Walkable;
  /** What a preprocessed value is checked by. */
  readonly out?: Walkable;
}

/** Without what makes it optional, gives it a default or prepares its value. */
function unwrapped(schema: Walkable | undefined): Walkable | undefined {
  let at = schema;
  while (at && !at.shape && !at.element && !at.valueType && (at.unwrap || at.out))
    at = at.unwrap?.() ?? at.out;
  return at;
}
