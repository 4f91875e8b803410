import { appError } from './app-error.js';
import { isSignedBy, signatureOf } from './signature.js';

/** The cursor is not one that a page of this very list gave. Nothing was read. */
export class InvalidCursorError extends appError('invalid-cursor', 400, 'Invalid cursor') {
  constructor(cause?: unknown) {
    super('The cursor is not a nextCursor of this list: begin again without it', {
      cause,
      errors: [{ path: 'cursor', message: 'must be a nextCursor of this list' }],
    });
  }
}

/** Bytes; 128 bits can't be guessed, and keep a cursor short. */
const SIGNATURE_LENGTH = 16;

/**
 * Where a page ended, as text for a URL that its caller can carry but not make: base64url of an HMAC and the position.
 * It is good for one list alone, whose name says everything that tells it from others: table, filter, key and order.
 */
export class PageCursors {
  private readonly secrets: readonly string[];

  /**
   * @param secrets the same in every process; the first one signs, any of them verifies. None: a cursor of another list
   *   is refused all the same, but a client that knows how could make one.
   */
  constructor(secrets: readonly string[] = []) {
    this.secrets = secrets.length > 0 ? secrets : [''];
  }

  seal(list: string, position: string): string {
    const content = contentOf(list, Buffer.from(position));
    const signature = signatureOf(content, this.secrets[0]!).subarray(0, SIGNATURE_LENGTH);
    return Buffer.concat([signature, Buffer.from(position)]).toString('base64url');
  }

  /**
   * The position as it was sealed.
   * @throws InvalidCursorError
   */
  open(list: string, cursor: string): string {
    const bytes = Buffer.from(cursor, 'base64url');
    const [signature, position] = [bytes.subarray(0, SIGNATURE_LENGTH), bytes.subarray(SIGNATURE_LENGTH)];
    // The decoder forgives what is not base64url; one page has one cursor.
    const genuine =
      bytes.toString('base64url') === cursor &&
      isSignedBy(this.secrets, contentOf(list, position), signature, SIGNATURE_LENGTH);
    if (!genuine) throw new InvalidCursorError();
    return position.toString();
  }

  /** Reads a page of a list that knows positions, with `cursor` and `nextCursor` for them. */
  async readPage<P extends { nextCursor: string | null }>(
    list: string,
    cursor: string | undefined,
    read: (position: string | undefined) => Promise<P>,
  ): Promise<P> {
    const page = await read(cursor === undefined ? undefined : this.open(list, cursor));
    return page.nextCursor === null ? page : { ...page, nextCursor: this.seal(list, page.nextCursor) };
  }
}

/** JSON has no NUL: where the name ends is plain. */
function contentOf(list: string, position: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(['page', list])}\0`), position]);
}
