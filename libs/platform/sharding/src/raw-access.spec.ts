import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as surface from './index.js';
import { ShardingModule } from './sharding.module.js';
import { ShardRegistry } from './routing/shard.registry.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

const PRODUCTION = ['apps/order-api/src/users/users.controller.ts', 'libs/shop/users/src/user.reader.ts'];
const TOOLS_AND_TESTS = [
  'tools/migrate/src/migrate-all.ts',
  'libs/shop/users/src/testing/users-shards.ts',
  'libs/shop/users/src/email-saga.int-spec.ts',
];
const SWEEP = 'libs/shop/users/src/email.sweep.ts';
/** What a file of each path imports here. */
const IMPORTS = `
import { ShardRegistry } from '@fourfold/sharding/operating';
import { ShardUpkeep } from '@fourfold/sharding/upkeep';
import { ShardRouter } from '@fourfold/sharding';
export const used = [ShardRegistry, ShardUpkeep, ShardRouter];
`;

interface Report {
  diagnostics: { code: string; message: string; filename: string }[];
}

let folder: string;
let report: Report;

/** The repository's own rules, on files at the given paths. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourfold-lint-'));
  copyFileSync(join(root, 'oxlint.config.ts'), join(folder, 'oxlint.config.ts'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const path of [...PRODUCTION, ...TOOLS_AND_TESTS, SWEEP]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), IMPORTS);
  }
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const { stdout } = spawnSync(oxlint, ['--format', 'json', 'apps', 'libs', 'tools'], {
    cwd: folder,
    encoding: 'utf8',
  });
  report = JSON.parse(stdout) as Report;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusedIn(path: string): string[] {
  const found = report.diagnostics.filter(
    ({ code, filename }) => filename === path && code.includes('no-restricted-imports'),
  );
  return found.map(({ message }) => /@fourfold\/[\w/]+/.exec(message)?.[0] ?? message);
}

describe('raw access to shards', () => {
  it('is not in what the library shows, nor can another module have it injected', () => {
    expect(Object.values(surface)).not.toContain(ShardRegistry);
    expect(Object.keys(surface)).not.toContain('migrateShards');
    expect(Object.keys(surface)).not.toContain('ShardUpkeep');
    const shown = Reflect.getMetadata('exports', ShardingModule) as unknown[];
    expect(shown).toContain(surface.ShardRouter);
    expect(shown).not.toContain(ShardRegistry);
  });

  it.each(PRODUCTION)('is refused by lint in %s', (path) => {
    expect(refusedIn(path)).toEqual(['@fourfold/sharding/operating', '@fourfold/sharding/upkeep']);
  });

  it.each(TOOLS_AND_TESTS)('is there for tools and tests: %s', (path) => {
    expect(refusedIn(path)).toEqual([]);
  });

  it('is refused in a sweep too, which may read whole shards', () => {
    expect(refusedIn(SWEEP)).toEqual(['@fourfold/sharding/operating']);
  });
});
