import { otherFormatOf } from './other-format.js';

const LINE_FEED = 0x0a;

/** Bytes that are not UTF-8; `line` says where, the message what they are and what to do. */
export class NotUtf8Error extends Error {
  constructor(
    readonly line: number,
    what = 'not UTF-8; convert the file first: iconv -f WINDOWS-1252 -t UTF-8',
  ) {
    super(what);
    this.name = 'NotUtf8Error';
  }
}

/**
 * Decodes a byte stream as strict UTF-8, in blocks of whole lines: no character is ever cut in two (a line feed is
 * never part of one), and a wrong byte is known by its line. A byte order mark is passed on.
 * @throws NotUtf8Error at the first line with a byte sequence that is not UTF-8, or where the file is something else.
 */
export async function* decodeUtf8Lines(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  let unfinished: Uint8Array[] = [];
  let line = 1;
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      const block = Buffer.concat([...unfinished, chunk.subarray(0, end)]);
      yield decodeBlock(block, line);
      line += countLineFeeds(block);
      unfinished = [];
    }
    if (end < chunk.length) unfinished.push(chunk.subarray(end));
  }
  if (unfinished.length > 0) yield decodeBlock(Buffer.concat(unfinished), line);
}

function decodeBlock(block: Uint8Array, firstLine: number): string {
  const otherFormat = firstLine === 1 ? otherFormatOf(block) : undefined;
  if (otherFormat !== undefined) throw new NotUtf8Error(1, otherFormat);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(block);
  } catch {
    throw new NotUtf8Error(firstLine + lineOfFirstWrongByte(block));
  }
}

/** Only walked once something is known to be wrong: the fast path decodes whole blocks. */
function lineOfFirstWrongByte(block: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let start = 0, line = 0; start < block.length; line += 1) {
    const feed = block.indexOf(LINE_FEED, start);
    const end = feed === -1 ? block.length : feed + 1;
    try {
      decoder.decode(block.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  return 0;
}

function countLineFeeds(block: Uint8Array): number {
  let count = 0;
  for (let at = block.indexOf(LINE_FEED); at !== -1; at = block.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}
