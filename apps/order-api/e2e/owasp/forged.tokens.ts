import { ensureDevKeys } from '@fourfold-tools/token';
import { topology } from '@fourfold-tools/testing';
import { importJWK, type JWTHeaderParameters, SignJWT } from 'jose';

interface Forged {
  /** null: none. */
  role?: unknown;
  sub?: string;
  issuer?: string;
  audience?: string;
  expiresIn?: string;
  notBefore?: string;
  header?: Partial<JWTHeaderParameters>;
}

/** A token of the platform's own key in which something is not as it has to be; without a change, a good one. */
export async function forged(changes: Forged = {}): Promise<string> {
  const { role = 'operator', sub = 'op', issuer = 'fourfold-dev', audience = 'fourfold' } = changes;
  const { privateJwk } = await ensureDevKeys(topology().stateDir);
  const token = new SignJWT({ ...(role !== null && { role }) })
    .setProtectedHeader({ alg: 'ES256', kid: privateJwk.kid, ...changes.header })
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime(changes.expiresIn ?? '1h');
  if (sub !== '') token.setSubject(sub);
  if (changes.notBefore !== undefined) token.setNotBefore(changes.notBefore);
  return token.sign(await importJWK(privateJwk, 'ES256'));
}
