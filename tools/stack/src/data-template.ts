import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { withExclusiveLock } from './exclusive-lock.js';

export interface EmptyDataRequest {
  readonly repoRoot: string;
  readonly name: string;
  /** Another one gets a folder of its own, as another account does. */
  readonly version: string;
  /** Makes the data folder `draft`, which is not there yet; `scratch` is for temporary files. */
  readonly install: (draft: string, scratch: string) => Promise<void>;
}

/**
 * An empty data folder, made once per server version and account and then copied for every node: to make one for each
 * of seven servers would take longer than their start. Returns its path.
 */
export async function emptyData({ repoRoot, name, version, install }: EmptyDataRequest): Promise<string> {
  const parent = join(repoRoot, '.stack', 'template');
  const key = createHash('sha256').update(`${version} ${process.getuid?.()}`).digest('hex');
  const template = join(parent, `${name}-${key.slice(0, 12)}`);
  if (existsSync(template)) return template;
  mkdirSync(parent, { recursive: true });
  await withExclusiveLock(`${template}.lock`, async () => {
    if (!existsSync(template)) await make(template, install);
  });
  return template;
}

/** In the system's temporary folder: the script splits a path with a space in it, and this checkout's may have one. */
async function make(template: string, install: EmptyDataRequest['install']): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'fourfold-template-'));
  try {
    await install(join(scratch, 'data'), scratch);
    await copyFolder(join(scratch, 'data'), template);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Copied beside and renamed, so that an interrupted copy never passes for a whole one. */
export async function copyFolder(from: string, to: string): Promise<void> {
  const draft = `${to}.draft`;
  rmSync(draft, { recursive: true, force: true });
  await execa('cp', ['-a', ...(process.platform === 'linux' ? ['--reflink=auto'] : []), from, draft]);
  renameSync(draft, to);
}
