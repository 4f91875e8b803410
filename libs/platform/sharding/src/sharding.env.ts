import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseNodeUrl } from '@fourfold/db-routing';
import { shardNameSchema, type UrlReference } from './ring/topology.js';

/**
 * `SHARD_URLS`: `shard-0=mysql://user:password@host:port/database,shard-1=…` → `{ 'shard-0': 'mysql://…' }`. A comma
 * inside a password is `%2C`. Each fault names its entry by position, and by name only when there is no doubt that it
 * is one, for a stray comma would make the tail of a password look like a name.
 */
export const shardUrlsSchema = z.string().transform((text, context): Record<string, string> => {
  const urls = new Map<string, string>();
  text.split(',').forEach((entry, index) => {
    const [name = '', ...rest] = entry.trim().split('=');
    const url = rest.join('=');
    const fault = (message: string) => context.addIssue(`entry ${index + 1} ${message}`);
    if (!url.startsWith('mysql://') || !shardNameSchema.safeParse(name).success) {
      fault('is not <shard-name>=mysql://user:password@host:port/database');
      return;
    }
    if (urls.has(name)) fault(`(${name}) is a second one of that name`);
    try {
      parseNodeUrl(url);
    } catch (error) {
      fault(`(${name}) ${(error as Error).message}`);
    }
    urls.set(name, url);
  });
  return Object.fromEntries(urls);
});

/**
 * Where a process finds the URL of a shard that the topology names by reference: in a file of `folder`. A secret that is
 * mounted there later is found by processes that run already.
 */
export function shardSecrets(folder: string): (reference: UrlReference) => string | undefined {
  return ({ file }) => contentOf(join(folder, file))?.trim() || undefined;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
