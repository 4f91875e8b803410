import { type Clock, isSignedBy, signatureOf, systemClock } from '@fourfold/kernel';
import type { BackendLink } from '../object.backend.js';

/** The query of a link, as it came: nothing of it is trusted. */
export interface LinkQuery {
  name?: unknown;
  expires?: unknown;
  signature?: unknown;
}

/**
 * Links to files on a disk, which an application of ours serves. A link is signed as a whole: key, name and the second in
 * which it expires. HMAC-SHA256, compared in constant time.
 */
export class LocalLinks {
  constructor(
    private readonly baseUrl: string,
    /** The first one signs, any of them verifies. */
    private readonly secrets: readonly string[],
    private readonly clock: Clock = systemClock,
  ) {}

  make(key: string, { fileName: name, expiresAt }: BackendLink): string {
    const expires = String(Math.ceil(expiresAt.getTime() / 1_000));
    const signature = signatureOf(contentOf(key, name, expires), this.secrets[0]!).toString('base64url');
    return `${this.baseUrl}/${key}?${new URLSearchParams({ name, expires, signature }).toString()}`;
  }

  /** @returns the name of the file; undefined for a link that has expired or is not as it was made */
  nameOf(key: string, { name, expires, signature }: LinkQuery): string | undefined {
    if (typeof name !== 'string' || typeof expires !== 'string' || typeof signature !== 'string')
      return undefined;
    const bytes = Buffer.from(signature, 'base64url');
    // The decoder forgives what is not base64url; one file has one link.
    const genuine =
      bytes.toString('base64url') === signature &&
      isSignedBy(this.secrets, contentOf(key, name, expires), bytes);
    return genuine && Number(expires) * 1_000 > this.clock.now() ? name : undefined;
  }
}

/** JSON: where each part ends is plain. */
function contentOf(key: string, name: string, expires: string): string {
  return JSON.stringify(['link', key, name, expires]);
}
