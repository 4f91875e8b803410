import { z } from 'zod';
import type { AuthOptions } from './auth.options.js';

/** The environment variables of the token check, to be spread into an app's own schema; refine that by `oneKeySource`. */
export const authEnv = {
  /** Keys that tokens are signed with: a URL in production, a file in development. */
  AUTH_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  AUTH_JWKS_FILE: z.string().optional(),
  AUTH_ISSUER: z.string().min(1),
  AUTH_AUDIENCE: z.string().min(1),
};

interface KeySources {
  AUTH_JWKS_URL?: string | undefined;
  AUTH_JWKS_FILE?: string | undefined;
}

/** What no single variable can say, as the arguments of `schema.refine(…)`. */
export const oneKeySource = [
  (env: KeySources): boolean => (env.AUTH_JWKS_URL === undefined) !== (env.AUTH_JWKS_FILE === undefined),
  {
    message: 'set exactly one of AUTH_JWKS_URL and AUTH_JWKS_FILE',
    path: ['AUTH_JWKS_URL'],
    // Also when other variables are wrong: all that is, is told at once.
    when: () => true,
  },
] satisfies [unknown, unknown];

/** @param env as `authEnv` has parsed it */
export function authOptionsOf(env: KeySources & { AUTH_ISSUER: string; AUTH_AUDIENCE: string }): AuthOptions {
  return {
    jwksUrl: env.AUTH_JWKS_URL,
    jwksFile: env.AUTH_JWKS_FILE,
    issuer: env.AUTH_ISSUER,
    audience: env.AUTH_AUDIENCE,
  };
}
