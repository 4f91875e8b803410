import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StackError } from './stack-error.js';

/** Tells later commands that the stack made this folder. */
const marker = '.fourfold-state';
/** Every name that the stack, the apps' logs and `npm start` use in a state folder. */
const made =
  /^(\.fourfold-state|data|logs|run|sockets|jwt|objects|warehouse|shards|secrets\.json(\.\d+\.\w+)?|owner\.json|first-order\.txt|soak-\d+)$/;
/** In `.stack` of a checkout only: the empty database template and the lock of the install, which hold no data. */
const shared = /^(template|bootstrap\.lock.*)$/;
const servers = /^(primary|replica-\d|shard-\d+|redis-cache|redis-queue|mail|prometheus)(\.draft)?$/;

/** A folder that the stack did not make, so that it neither writes its data there nor deletes anything in it. */
export class ForeignFolderError extends StackError {
  override readonly name = 'ForeignFolderError';

  constructor(stateDir: string, foreign: readonly string[]) {
    const shown = foreign.slice(0, 5).join(', ') + (foreign.length > 5 ? ', …' : '');
    super(
      `${stateDir} is not a state folder of the stack: it holds ${shown}. Nothing was changed there; set` +
        ' FOURFOLD_STATE_DIR to an empty folder, or to one that the stack made',
    );
  }
}

/** Makes `stateDir` a state folder if it is absent, empty, or holds only what the stack makes. @throws ForeignFolderError */
export function claimStateFolder(stateDir: string): void {
  assertStateFolder(stateDir);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(stateDir, marker),
    'The stack made this folder; `npm run stack -- reset` deletes its data.\n',
  );
}

/** @throws ForeignFolderError when `stateDir` has no marker and holds anything that the stack does not make. */
export function assertStateFolder(stateDir: string): void {
  const entries = entriesOf(stateDir);
  if (entries.includes(marker)) return;
  const foreign = [
    ...entries.filter((entry) => !made.test(entry) && !shared.test(entry)),
    ...entriesOf(join(stateDir, 'data')).flatMap((entry) => (servers.test(entry) ? [] : [`data/${entry}`])),
  ];
  if (foreign.length > 0) throw new ForeignFolderError(stateDir, foreign);
}

/** Whether `stateDir` is a folder of this user, itself and not by a link, and `assertStateFolder` takes it. */
export function isOwnStateFolder(stateDir: string): boolean {
  const stats = lstatSync(stateDir, { throwIfNoEntry: false });
  if (!stats?.isDirectory() || stats.uid !== (process.getuid?.() ?? stats.uid)) return false;
  try {
    assertStateFolder(stateDir);
    return true;
  } catch (error) {
    if (error instanceof ForeignFolderError) return false;
    throw error;
  }
}

/**
 * Deletes what the stack made in `stateDir`; the empty database template stays. Returns the names of what it left.
 * @throws ForeignFolderError
 */
export function deleteState(stateDir: string): string[] {
  assertStateFolder(stateDir);
  for (const entry of entriesOf(stateDir)) {
    // The marker goes last: a deletion that was cut short can be done again.
    if (made.test(entry) && entry !== marker) rmSync(join(stateDir, entry), { recursive: true, force: true });
  }
  rmSync(join(stateDir, marker), { force: true });
  return entriesOf(stateDir);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new StackError(`${folder} is not a folder; see FOURFOLD_STATE_DIR`);
    throw error;
  }
}
