import { importJWK, SignJWT } from 'jose';
import { ensureDevKeys } from './dev-keys.js';

/** What every development token says about where it is from and whom it is for. */
export const devIssuer = 'fourfold-dev';
export const devAudience = 'fourfold';

export interface TokenSubject {
  readonly role: 'customer' | 'operator';
  /** A customer's is the user id; an operator's is any name. */
  readonly sub: string;
  /** How long it is valid, e.g. `90s`, `15m`, `12h` (the default), `7d`; `-1h` gives an expired one. */
  readonly expiresIn?: string;
}

/** A token that the apps of the topology under `stateDir` accept. */
export async function signToken(
  stateDir: string,
  { role, sub, expiresIn = '12h' }: TokenSubject,
): Promise<string> {
  const { privateJwk } = await ensureDevKeys(stateDir);
  return new SignJWT({ role })
    .setProtectedHeader({ alg: 'ES256', kid: privateJwk.kid, typ: 'JWT' })
    .setSubject(sub)
    .setIssuer(devIssuer)
    .setAudience(devAudience)
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(await importJWK(privateJwk, 'ES256'));
}
