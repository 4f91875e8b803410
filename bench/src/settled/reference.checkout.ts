import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** Another commit of this repository in a folder of its own; its first command installs and builds what it needs. */
export interface ReferenceCheckout {
  repoRoot: string;
  commit: string;
  remove(): Promise<void>;
}

/** @throws Error for a commit that the repository does not have */
export async function checkOut(repoRoot: string, ref: string): Promise<ReferenceCheckout> {
  const git = async (...args: string[]) => (await execa('git', args, { cwd: repoRoot })).stdout.trim();
  const commit = await git('rev-parse', '--verify', `${ref}^{commit}`);
  const folder = join(mkdtempSync(join(tmpdir(), 'fourfold-reference-')), 'checkout');
  await git('worktree', 'add', '--detach', folder, commit);
  return {
    repoRoot: folder,
    commit,
    remove: async () => void (await git('worktree', 'remove', '--force', folder)),
  };
}

/** The last commit before orders shared transactions. */
export const REFERENCE = 'fde6e6c469135c3b9704ca296a42cdd60c2bd835';

/** @returns {@link REFERENCE} where the repository has it: a shallow clone may not */
export async function presentReference(repoRoot: string): Promise<string | undefined> {
  const { failed } = await execa('git', ['cat-file', '-e', `${REFERENCE}^{commit}`], {
    cwd: repoRoot,
    reject: false,
  });
  return failed ? undefined : REFERENCE;
}
