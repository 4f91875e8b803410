import type { z } from 'zod';

/** How tokens are checked. The keys come from exactly one of the two places. */
export interface AuthOptions {
  /**
   * Where the login service publishes its keys (JWKS). Fetched when a token is first checked, every 10 minutes behind a
   * caller, and when a key is not known (for that once in 30 s at most).
   */
  jwksUrl?: string | undefined;
  /**
   * How long fetched keys are good while the key server is away. A key that is withdrawn in that time is good for as
   * long. Default: 24 hours.
   */
  jwksMaxAgeMs?: number;
  /** A file with the keys, read once. */
  jwksFile?: string | undefined;
  issuer: string;
  audience: string;
  /** What a customer's `sub` must look like. Default: 1 to 19 digits, the first not 0. */
  customerSub?: z.ZodType<string>;
}
