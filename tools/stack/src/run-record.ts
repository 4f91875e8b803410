import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

/**
 * Remembers which process a node runs as, in `run/<node>.json`. A record whose process has gone, or whose number now
 * belongs to another process, counts as none: no clean-up is needed after a crash.
 */
export class RunRecord {
  constructor(private readonly path: string) {}

  /** Whether one was ever written and not removed, living process or not. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  /** The node's process while it lives. */
  running(): ProcessIdentity | undefined {
    const recorded = this.read();
    return recorded !== undefined && isAlive(recorded) ? recorded : undefined;
  }

  write(pid: number): ProcessIdentity | undefined {
    const process = identify(pid);
    if (process === undefined) return undefined;
    mkdirSync(dirname(this.path), { recursive: true });
    // Renamed into place, so that a reader never sees half a record.
    const draft = `${this.path}.${pid}`;
    writeFileSync(draft, JSON.stringify(process));
    renameSync(draft, this.path);
    return process;
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  private read(): ProcessIdentity | undefined {
    try {
      const { pid, startTime } = JSON.parse(readFileSync(this.path, 'utf8')) as Partial<ProcessIdentity>;
      return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : undefined;
    } catch (error) {
      // Unreadable JSON is what a full disk leaves behind; it names no process, so it is as good as no record.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
        return undefined;
      throw error;
    }
  }
}
