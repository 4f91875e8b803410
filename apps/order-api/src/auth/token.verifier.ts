import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { idSchema } from '@shop/contracts';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { z } from 'zod';
import { config } from '../config/order-api.config.js';
import { KeysUnavailableError, TokenExpiredError, TokenInvalidError } from './auth.errors.js';
import type { Caller } from './caller.js';

const claimsSchema = z.discriminatedUnion('role', [
  z.object({ role: z.literal('customer'), sub: idSchema }),
  z.object({ role: z.literal('operator'), sub: z.string().min(1).max(128) }),
]);

/** Asymmetric ones only: whoever checks a token must not be able to make one. */
const ALGORITHMS = ['ES256', 'RS256', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 5;

@Injectable()
export class TokenVerifier {
  private readonly keys = config.AUTH_JWKS_URL
    ? createRemoteJWKSet(new URL(config.AUTH_JWKS_URL))
    : createLocalJWKSet(JSON.parse(readFileSync(config.AUTH_JWKS_FILE ?? '', 'utf8')) as JSONWebKeySet);

  /** @throws TokenExpiredError, TokenInvalidError, KeysUnavailableError */
  async verify(token: string): Promise<Caller> {
    const claims = claimsSchema.safeParse(await this.payloadOf(token));
    if (!claims.success) throw new TokenInvalidError(claims.error);
    return { id: claims.data.sub, role: claims.data.role };
  }

  private async payloadOf(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: config.AUTH_ISSUER,
        audience: config.AUTH_AUDIENCE,
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
