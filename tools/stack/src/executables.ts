import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { StackError } from './stack-error.js';

/** Where Debian puts servers: not on a normal user's PATH. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The full path of a program, or undefined when it is not installed. */
export function findExecutable(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  for (const folder of [...path.split(delimiter).filter(Boolean), ...serverFolders]) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}

export function requireExecutable(name: string): string {
  const found = findExecutable(name);
  if (found !== undefined) return found;
  throw new StackError(
    `${name} is not installed; \`npm start\` and \`npm run stack -- up\` install it or say how`,
  );
}
