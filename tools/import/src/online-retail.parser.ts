import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse, type Info } from 'csv-parse';
import { type FileProblem, MalformedFileError, MAX_PROBLEMS } from './malformed-file.error.js';
import { COLUMNS, type OnlineRetailLine, readOnlineRetailLine } from './online-retail.line.js';
import { decodeUtf8Lines, NotUtf8Error } from './utf8-lines.decoder.js';

/** A record longer than this is a quote that was never closed, not an invoice line. */
const MAX_RECORD_BYTES = 64 * 1024;

export interface OnlineRetailFile {
  lines: OnlineRetailLine[];
  /** Rows of commas without any value, as spreadsheets leave them. */
  emptyRows: number;
}

/** Reads a whole file, in constant memory but for the lines it gives back. */
export function readOnlineRetailFile(path: string): Promise<OnlineRetailFile> {
  return parseOnlineRetail(path, createReadStream(path));
}

/**
 * Parses a file in the UCI "Online Retail" layout: UTF-8 (with or without a byte order mark), any line endings, also
 * mixed, a header with exactly the eight columns. Empty lines are passed over, rows without a value counted.
 * @throws MalformedFileError with every problem and its line, up to `MAX_PROBLEMS`. Never gives back part of a file.
 */
export async function parseOnlineRetail(
  file: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<OnlineRetailFile> {
  const problems: FileProblem[] = [];
  const lines: OnlineRetailLine[] = [];
  let emptyRows = 0;
  let position: Position | undefined;
  let enough = false;
  const parser = parse({
    bom: true,
    // Said, since the parser would take the header's for the only one.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    // Taken here and not from the stream's output, which an error further on would empty unread.
    on_record: (record: string[], info: Info) => {
      if (enough) return null;
      const line = info.lines - lineBreaksWithin(record);
      const report = (what: string) => problems.push({ line, what });
      if (record.every((value) => value.trim() === '')) {
        emptyRows += 1;
        return null;
      }
      if (position === undefined) checkHeader(record, report);
      else if (record.length !== COLUMNS.length) report(wrongColumnCount(record.length, line, info.lines));
      else {
        const read = readOnlineRetailLine(record, report);
        if (read !== undefined) lines.push(read);
      }
      // Under a wrong header every line would be wrong too, which would hide the one thing to mend.
      enough = problems.length >= MAX_PROBLEMS || (position === undefined && problems.length > 0);
      position = { lines: info.lines, emptyLines: info.empty_lines };
      return null;
    },
  });
  async function* untilEnough() {
    for await (const text of decodeUtf8Lines(bytes)) {
      yield text;
      if (enough) return;
    }
  }
  try {
    await pipeline(untilEnough(), parser.resume());
  } catch (error) {
    if (!enough) problems.push(asProblem(error, position ?? { lines: 0, emptyLines: 0 }, parser.info));
  }
  if (position === undefined && problems.length === 0) {
    problems.push({ line: 1, what: `no header: expected ${COLUMNS.join()}` });
  }
  if (problems.length > 0) throw new MalformedFileError(file, problems.slice(0, MAX_PROBLEMS));
  return { lines, emptyRows };
}

/** Where the last whole record ended. */
interface Position {
  lines: number;
  emptyLines: number;
}

function checkHeader(header: readonly string[], report: (what: string) => void): void {
  if (header.length === COLUMNS.length && COLUMNS.every((column, at) => header[at] === column)) return;
  report(`the header is ${header.join().slice(0, 200)}, expected ${COLUMNS.join()}`);
}

function wrongColumnCount(count: number, firstLine: number, lastLine: number): string {
  const span = lastLine > firstLine ? ` (the record runs on to line ${lastLine}: is a quote missing?)` : '';
  return `${count} columns, expected ${COLUMNS.length}${span}`;
}

function lineBreaksWithin(record: readonly string[]): number {
  return record.reduce((count, field) => count + (field.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
}

/** What stopped the parser altogether; anything but a fault of the file itself is thrown on. */
function asProblem(error: unknown, last: Position, now: Info): FileProblem {
  if (error instanceof NotUtf8Error) return { line: error.line, what: error.message };
  if (!(error instanceof CsvError)) throw error;
  const line = last.lines + 1 + (now.empty_lines - last.emptyLines);
  const reached = now.lines > line ? ` (noticed at line ${now.lines})` : '';
  // One of the codes comes without the prefix that the parser's types declare.
  switch (error.code as string) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return { line, what: 'a quote that opens in this record is never closed' };
    case 'CSV_INVALID_CLOSING_QUOTE':
      return { line, what: `text follows a closing quote${reached}` };
    case 'INVALID_OPENING_QUOTE':
      return { line, what: `a quote inside a field that is not quoted as a whole${reached}` };
    default:
      return { line, what: error.message };
  }
}
