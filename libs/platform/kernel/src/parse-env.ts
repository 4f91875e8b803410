import type { z } from 'zod';

/** What a service is told does not describe one that can run; the message lists everything that is wrong. */
export class ConfigurationError extends Error {
  /** @param source where the problems are, in the plural: `environment variables`, `options` */
  constructor(service: string, problems: readonly string[], source = 'environment variables') {
    super(
      `${service} can't start: its ${source} are not valid\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    this.name = 'ConfigurationError';
  }
}

/**
 * Reads a service's configuration once, at start. An empty variable counts as missing.
 * @throws ConfigurationError naming every variable that is missing or wrong, never its value: it may be a secret.
 */
export function parseEnv<S extends z.ZodType>(
  service: string,
  schema: S,
  env: Record<string, string | undefined>,
): z.output<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  throw new ConfigurationError(
    service,
    result.error.issues.map((issue) => `${issue.path.join('.') || '(environment)'}: ${issue.message}`),
  );
}
