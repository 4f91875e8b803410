import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA256, 32 bytes. */
export function signatureOf(content: string | Buffer, secret: string): Buffer {
  return createHmac('sha256', secret).update(content).digest();
}

/** Whether `signature` has the bytes of the content's own, or its first ones, by one of the secrets; in constant time. */
export function isSignedBy(
  secrets: readonly string[],
  content: string | Buffer,
  signature: Buffer,
  length = 32,
): boolean {
  return secrets.some((secret) => {
    const expected = signatureOf(content, secret).subarray(0, length);
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  });
}
