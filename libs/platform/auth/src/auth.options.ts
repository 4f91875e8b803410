import { z } from 'zod';

const DAY_MS = 24 * 60 * 60_000;

const digits: z.ZodType<string> = z.string().regex(/^[1-9]\d{0,18}$/);

/** How tokens are checked. The keys come from exactly one of the two places. */
export const authOptionsSchema = z
  .strictObject({
    /**
     * Where the login service publishes its keys (JWKS). Fetched when a token is first checked, every 10 minutes behind a
     * caller, and when a key is not known (for that once in 30 s at most).
     */
    jwksUrl: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
    /**
     * How long fetched keys are good while the key server is away. A key that is withdrawn in that time is good for as
     * long. Default: 24 hours.
     */
    jwksMaxAgeMs: z.number().positive().default(DAY_MS),
    /** A file with the keys, read once. */
    jwksFile: z.string().min(1).optional(),
    issuer: z.string().min(1),
    audience: z.string().min(1),
    /** What a customer's `sub` must look like. Default: 1 to 19 digits, the first not 0. */
    customerSub: z.custom<z.ZodType<string>>(isZodSchema, 'must be a Zod schema').default(() => digits),
  })
  .refine(({ jwksUrl, jwksFile }) => (jwksUrl === undefined) !== (jwksFile === undefined), {
    message: 'give exactly one of jwksUrl and jwksFile',
    path: ['jwksUrl'],
  });

export type AuthOptions = z.input<typeof authOptionsSchema>;

/** By its method: the caller's copy of Zod may be another. */
function isZodSchema(schema: unknown): boolean {
  return typeof (schema as z.ZodType | undefined)?.safeParse === 'function';
}
