import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLockFile } from './lock-file.js';

describe('withLockFile', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fourfold-lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets one in at a time, and leaves nothing behind', async () => {
    let inside = 0;
    const most: number[] = [];
    const work = async () => {
      most.push(++inside);
      await new Promise(setImmediate);
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withLockFile(path, work)));
    expect(most).toEqual([1, 1, 1]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes it from a holder that has died, also when its number lives on in another process', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: 'long ago' }));
    await expect(withLockFile(path, async () => 'done')).resolves.toBe('done');
  });

  it('names the living holder when it does not let go in time', async () => {
    await withLockFile(path, async () => {
      const waitedFor: number[] = [];
      const onWait = (pid: number) => waitedFor.push(pid);
      const second = withLockFile(path, async () => {}, { deadlineMs: 10, onWait });
      await expect(second).rejects.toThrow(`Process ${process.pid} still holds ${path}`);
      expect(waitedFor).toEqual([process.pid]);
    });
  });

  it('is free again after the work has failed', async () => {
    await expect(withLockFile(path, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(withLockFile(path, async () => 1)).resolves.toBe(1);
  });
});
