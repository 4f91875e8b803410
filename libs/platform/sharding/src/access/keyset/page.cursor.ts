import { InvalidCursorError } from '../access.errors.js';

/** Where a page ended, and in which query: base64url, so that it goes into a URL and nobody does sums with it. */
export function encodeCursor(digest: string, position: readonly string[]): string {
  return Buffer.from(JSON.stringify([digest, ...position])).toString('base64url');
}

/**
 * The position in it, as it was encoded.
 * @throws InvalidCursorError when it is of another query, or nothing that `encodeCursor` made
 */
export function decodeCursor(cursor: string, digest: string): string[] {
  const parts = partsOf(cursor);
  const [own, ...position] = parts ?? [];
  if (own !== digest) throw new InvalidCursorError();
  return position;
}

/** Whether it looks like a cursor of some page: for a schema that checks input before there is a query. */
export function isPageCursor(cursor: string): boolean {
  return partsOf(cursor) !== undefined;
}

function partsOf(cursor: string): string[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) return undefined;
    const [digest, ...position] = parts;
    // The decoder forgives what is not base64url; one page has one cursor.
    return digest !== undefined && encodeCursor(digest, position) === cursor ? parts : undefined;
  } catch {
    return undefined;
  }
}
