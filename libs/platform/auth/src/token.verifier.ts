import { readFileSync } from 'node:fs';
import { ConfigurationError, parseOptions } from '@fourfold/kernel';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { KeysUnavailableError, TokenExpiredError, TokenInvalidError } from './auth.errors.js';
import { type AuthOptions, authOptionsSchema } from './auth.options.js';
import type { Caller } from './caller.js';
import { remoteKeys } from './remote-keys.js';
import type { VerificationKeys } from './verification-keys.js';
import { VerifiedTokens } from './verified-tokens.js';

const claimsSchema = (customerSub: z.ZodType<string>) =>
  z.discriminatedUnion('role', [
    z.object({ role: z.literal('customer'), sub: customerSub }),
    z.object({ role: z.literal('operator'), sub: z.string().min(1).max(128) }),
  ]);

/** Asymmetric ones only: a process that checks tokens must not be able to make one. */
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 5;

/** Says who holds a token, when it is one of ours. */
export class TokenVerifier {
  private readonly options: z.output<typeof authOptionsSchema>;
  private readonly keys: VerificationKeys;
  private readonly verified = new VerifiedTokens();
  private readonly claims: ReturnType<typeof claimsSchema>;

  /** @throws ConfigurationError when the options are not valid, or the key file can't be read */
  constructor(options: AuthOptions) {
    this.options = parseOptions('AuthModule', authOptionsSchema, options, ['isGlobal']);
    const { jwksUrl, jwksFile = '', jwksMaxAgeMs, customerSub } = this.options;
    this.claims = claimsSchema(customerSub);
    this.keys = jwksUrl ? remoteKeys(new URL(jwksUrl), jwksMaxAgeMs) : keysOf(jwksFile);
  }

  /** Who holds a token that was verified lately; undefined for any other, which is for `verify` to look at. */
  known(token: string): Caller | undefined {
    const keys = this.keys.current();
    return keys && this.verified.find(token, keys);
  }

  /** @throws TokenExpiredError, TokenInvalidError, KeysUnavailableError */
  async verify(token: string): Promise<Caller> {
    const known = this.known(token);
    if (known) return known;
    const keys = this.keys.current();
    const payload = await this.payloadOf(token);
    const claims = this.claims.safeParse(payload);
    if (!claims.success) throw new TokenInvalidError(claims.error);
    const caller: Caller = { id: claims.data.sub, role: claims.data.role };
    const untilMs = ((payload.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1_000;
    // A key that was withdrawn meanwhile may have been the one that it was checked with.
    if (keys && keys === this.keys.current()) this.verified.remember(token, keys, caller, untilMs);
    return caller;
  }

  private async payloadOf(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.keys.get, {
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

function keysOf(file: string): VerificationKeys {
  try {
    const get = createLocalJWKSet(JSON.parse(readFileSync(file, 'utf8')) as JSONWebKeySet);
    return { get, current: () => get };
  } catch (error) {
    throw new ConfigurationError('AuthModule', [`jwksFile: ${(error as Error).message}`], 'options');
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
