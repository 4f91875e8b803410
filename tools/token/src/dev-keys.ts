import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export interface DevKeys {
  /** ES256, with `kid`; never leaves this machine. */
  readonly privateJwk: JWK & { readonly kid: string };
  /** What verifies: the file that `AUTH_JWKS_FILE` names. */
  readonly jwksFile: string;
}

/** The development key pair under `<stateDir>/jwt/`: made the first time, the same ever after. */
export async function ensureDevKeys(stateDir: string): Promise<DevKeys> {
  const folder = join(stateDir, 'jwt');
  const privateFile = join(folder, 'private.jwk');
  const jwksFile = join(folder, 'jwks.json');
  const privateJwk = readJwk(privateFile) ?? (await createJwk(folder, privateFile));
  const jwks = `${JSON.stringify({ keys: [publicPart(privateJwk)] }, null, 2)}\n`;
  // Derived from the private key each time, so that a missing or foreign file heals; left alone when it is right.
  if (readText(jwksFile) !== jwks) {
    const draft = draftOf(jwksFile);
    writeFileSync(draft, jwks);
    renameSync(draft, jwksFile);
  }
  return { privateJwk, jwksFile };
}

async function createJwk(folder: string, file: string): Promise<DevKeys['privateJwk']> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const draft = draftOf(file);
  const complete = { ...jwk, alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(jwk) };
  writeFileSync(draft, JSON.stringify(complete), { mode: 0o600 });
  try {
    // Linked, not renamed: when two processes get here at once, both go on with the first one's key.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readJwk(file) ?? complete;
}

function publicPart({ d: _secret, ...rest }: JWK): JWK {
  return rest;
}

function readJwk(file: string): DevKeys['privateJwk'] | undefined {
  const text = readText(file);
  return text === undefined ? undefined : (JSON.parse(text) as DevKeys['privateJwk']);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function draftOf(file: string): string {
  return `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
}
