import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, customFetch } from 'jose';
import type { VerificationKeys } from './verification-keys.js';

/** Bytes of what the key server answers: a few hundred keys. */
const MOST_BYTES = 256 * 1024;
const ANSWER_TIMEOUT_MS = 5_000;
/** After this, keys in hand are asked for anew, behind those who are served. */
const REFRESH_MS = 10 * 60_000;
/** While the key server is away. */
const RETRY_MS = 30_000;

/**
 * The keys at a JWKS URL. Keys in hand serve while the key server is away, until they are `maxAgeMs` old: a key that was
 * withdrawn meanwhile is good for as long. A key that is not known is asked for at once.
 * @param answerTimeoutMs for the whole answer of the key server
 */
export function remoteKeys(
  url: URL,
  maxAgeMs: number,
  answerTimeoutMs = ANSWER_TIMEOUT_MS,
): VerificationKeys {
  const logger = new Logger('RemoteKeys');
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: maxAgeMs,
    timeoutDuration: answerTimeoutMs,
    [customFetch]: fetchBounded,
  });
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

/**
 * Reads no more than a key server has to say: one that sends on and on would fill the memory.
 * @throws Error for an answer that is too large or, as `fetch` has it, not there in time
 */
async function fetchBounded(...[url, options]: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(url, options);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // To leave the loop closes the connection.
  const body = (response.body ?? []) as AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  for await (const part of body) {
    bytes += part.byteLength;
    if (bytes > MOST_BYTES)
      throw new Error(
        `The key server answered with more than ${MOST_BYTES / 1024} KiB, so its answer was not read`,
      );
    parts.push(part);
  }
  return new Response(Buffer.concat(parts), { status: response.status, headers: response.headers });
}
