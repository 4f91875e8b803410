import { finished } from 'node:stream/promises';
import type { IncomingMessage } from 'node:http';

/** What a client may go on sending after it was refused, bytes and milliseconds. */
const LIMITS = { bytes: 64 * 1024 * 1024, ms: 5_000 };

/**
 * Reads what a refused client is still sending, and throws it away. Closing a connection with unread bytes resets it
 * (RFC 9112, section 9.6): a client that writes its whole body before it reads would get a broken pipe in place of the
 * answer. Resolves when the body has ended, or when it is too much or takes too long.
 */
export async function discardBody(request: IncomingMessage, limits = LIMITS): Promise<void> {
  const enough = new AbortController();
  let left = limits.bytes;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) enough.abort();
  });
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(limits.ms)]);
  await finished(request, { signal, cleanup: true }).catch(() => {});
}
