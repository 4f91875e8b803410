import { readFileSync } from 'node:fs';
import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { z } from 'zod';
import { KeysUnavailableError, TokenExpiredError, TokenInvalidError } from './auth.errors.js';
import type { AuthOptions } from './auth.options.js';
import type { Caller } from './caller.js';
import { remoteKeys } from './remote.keys.js';

const digits = z.string().regex(/^[1-9]\d{0,18}$/);

const claimsSchema = (customerSub: z.ZodType<string>) =>
  z.discriminatedUnion('role', [
    z.object({ role: z.literal('customer'), sub: customerSub }),
    z.object({ role: z.literal('operator'), sub: z.string().min(1).max(128) }),
  ]);

/** Asymmetric ones only: a process that checks tokens must not be able to make one. */
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 5;
const DAY_MS = 24 * 60 * 60_000;

/** Says who holds a token, when it is one of ours. */
export class TokenVerifier {
  private readonly keys: JWTVerifyGetKey;
  private readonly claims: ReturnType<typeof claimsSchema>;

  /** @throws when there is a key file and it can't be read */
  constructor(private readonly options: AuthOptions) {
    const { jwksUrl, jwksFile, jwksMaxAgeMs = DAY_MS, customerSub = digits } = options;
    this.claims = claimsSchema(customerSub);
    this.keys = jwksUrl
      ? remoteKeys(new URL(jwksUrl), jwksMaxAgeMs)
      : createLocalJWKSet(JSON.parse(readFileSync(jwksFile ?? '', 'utf8')) as JSONWebKeySet);
  }

  /** @throws TokenExpiredError, TokenInvalidError, KeysUnavailableError */
  async verify(token: string): Promise<Caller> {
    const claims = this.claims.safeParse(await this.payloadOf(token));
    if (!claims.success) throw new TokenInvalidError(claims.error);
    return { id: claims.data.sub, role: claims.data.role };
  }

  private async payloadOf(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: this.options.issuer,
        audience: this.options.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new TokenExpiredError(error);
      throw isTokenFault(error) ? new TokenInvalidError(error) : new KeysUnavailableError(error);
    }
  }
}

const tokenFaults = [
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
];

/** Everything else is between us and the key server: no reason to tell a caller that the token is bad. */
function isTokenFault(error: unknown): boolean {
  return tokenFaults.some((fault) => error instanceof fault);
}
