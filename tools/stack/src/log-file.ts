import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

/** A server's log, appended to; `tail` reads back only what was written since it was opened. */
export class LogFile {
  private constructor(
    readonly path: string,
    readonly fd: number,
    private readonly startedAt: number,
  ) {}

  static open(path: string): LogFile {
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(path, 'a');
    return new LogFile(path, fd, fstatSync(fd).size);
  }

  tail(lines = 15): string {
    return tailOf(this.path, lines, this.startedAt);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** The last `lines` lines of a file, none of them from before byte `from`; at most 64 KiB are read. */
export function tailOf(path: string, lines: number, from = 0): string {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const start = Math.max(from, size - 65_536);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    readSync(fd, buffer, 0, buffer.length, start);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(fd);
  }
}
