import { Logger } from '@nestjs/common';
import { createRemoteJWKSet } from 'jose';
import type { VerificationKeys } from './verification-keys.js';

/** After this, keys in hand are asked for anew, behind those who are served. */
const REFRESH_MS = 10 * 60_000;
/** While the key server is away. */
const RETRY_MS = 30_000;

/**
 * The keys at a JWKS URL. Keys in hand serve while the key server is away, until they are `maxAgeMs` old: a key that was
 * withdrawn meanwhile is good for as long. A key that is not known is asked for at once.
 */
export function remoteKeys(url: URL, maxAgeMs: number): VerificationKeys {
  const logger = new Logger('RemoteKeys');
  const keys = createRemoteJWKSet(url, { cacheMaxAge: maxAgeMs });
  let refreshAt = Infinity;
  let published = '';
  let current = {};

  async function refresh(): Promise<void> {
    refreshAt = Date.now() + RETRY_MS;
    try {
      await keys.reload();
      noteChange();
      refreshAt = Date.now() + REFRESH_MS;
    } catch (error) {
      logger.warn({ err: error }, `The keys at ${url.href} could not be fetched; those in hand serve on`);
    }
  }

  /** The keys may be other ones after any fetch, of jose's too. */
  function noteChange(): void {
    const now = JSON.stringify(keys.jwks());
    if (now !== published) current = {};
    published = now;
  }

  return {
    get: async (header, token) => {
      if (!keys.fresh) refreshAt = Date.now() + REFRESH_MS; // jose fetches them now
      return await keys(header, token).finally(noteChange);
    },
    current: () => {
      if (!keys.fresh) return undefined;
      if (Date.now() >= refreshAt) void refresh();
      return current;
    },
  };
}
