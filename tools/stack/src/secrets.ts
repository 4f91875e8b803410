import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The database accounts of a topology; each is explained where it is granted (`database-accounts.ts`). */
export const accountNames = ['app', 'migrate', 'read', 'monitor', 'repl', 'root'] as const;
export type AccountName = (typeof accountNames)[number];
export type Secrets = Readonly<Record<AccountName, string>>;

/** The passwords of this topology: made at random the first time, readable by their owner only. */
export function loadSecrets(path: string): Secrets {
  try {
    return read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const fresh = Object.fromEntries(accountNames.map((name) => [name, randomBytes(18).toString('base64url')]));
  writeFileSync(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 });
  try {
    // Linked, not renamed: when two processes get here at once, both go on with the first one's passwords.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(path);
}

/**
 * What order-api's consistency tokens are signed with: the same each time, and another one in each topology. Derived and
 * not stored, so that a topology of any age has one, and all processes agree on it without a write.
 */
export function consistencyTokenSecret({ root }: Secrets): string {
  return createHmac('sha256', root).update('consistency tokens').digest('base64url');
}

/** What links to files are signed with: the same way. */
export function linkSecret({ root }: Secrets): string {
  return createHmac('sha256', root).update('links to files').digest('base64url');
}

function read(path: string): Secrets {
  return JSON.parse(readFileSync(path, 'utf8')) as Secrets;
}
