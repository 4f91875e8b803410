import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '@fourfold/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromFiles } from './secret.files.js';

const schema = z.object({ DB_URL: z.string(), KEYS_FILE: z.string(), SECRET: z.string() });
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secret-files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a variable in a file', () => {
  it('is what the file holds, without the line break at its end', () => {
    const env = { DB_URL_FILE: file('url', 'mysql://a:b@c/d\n'), SECRET_FILE: file('secret', 'x\ny') };
    expect(fromFiles('app', schema, env)).toMatchObject({ DB_URL: 'mysql://a:b@c/d', SECRET: 'x\ny' });
  });

  it('leaves alone what the schema reads itself, and what it does not know', () => {
    const env = { KEYS_FILE: '/none', OTHER_FILE: '/none', SECRET: 'x', DB_URL_FILE: '' };
    expect(fromFiles('app', schema, env)).toEqual(env);
  });

  it('is refused where it is there twice, can’t be read or is empty: all at once, and no value is shown', () => {
    const parse = () =>
      fromFiles('app', schema, {
        SECRET: 'hunter2',
        SECRET_FILE: file('twice', 'hunter3'),
        DB_URL_FILE: join(folder, 'missing'),
      });
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(/SECRET_FILE: set it or SECRET, not both[^]*DB_URL_FILE: .*missing.*ENOENT/);
    expect(parse).not.toThrow(/hunter/);
    expect(() => fromFiles('app', schema, { SECRET_FILE: file('empty', '\n') })).toThrow(/empty is empty/);
  });
});
