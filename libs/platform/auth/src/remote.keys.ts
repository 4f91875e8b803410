import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';

/** After this, keys in hand are asked for anew, behind those who are served. */
const REFRESH_MS = 10 * 60_000;
/** While the key server is away. */
const RETRY_MS = 30_000;

/**
 * The keys at a JWKS URL. Keys in hand serve while the key server is away, until they are `maxAgeMs` old: a key that was
 * withdrawn meanwhile is good for as long. A key that is not known is asked for at once.
 */
export function remoteKeys(url: URL, maxAgeMs: number): JWTVerifyGetKey {
  const logger = new Logger('RemoteKeys');
  const keys = createRemoteJWKSet(url, { cacheMaxAge: maxAgeMs });
  let refreshAt = Infinity;

  async function refresh(): Promise<void> {
    refreshAt = Date.now() + RETRY_MS;
    try {
      await keys.reload();
      refreshAt = Date.now() + REFRESH_MS;
    } catch (error) {
      logger.warn({ err: error }, `The keys at ${url.href} could not be fetched; those in hand serve on`);
    }
  }

  return async (header, token) => {
    if (!keys.fresh)
      refreshAt = Date.now() + REFRESH_MS; // jose fetches them now
    else if (Date.now() >= refreshAt) void refresh();
    return keys(header, token);
  };
}
