import { fileURLToPath } from 'node:url';
import { ESLint, Linter } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import * as surface from './index.js';
import { ShardingModule } from './sharding.module.js';
import { ShardRegistry } from './routing/shard.registry.js';

const RULE = 'no-restricted-imports';
const root = fileURLToPath(new URL('../../../..', import.meta.url));

let eslint: ESLint;
beforeAll(() => {
  eslint = new ESLint({ cwd: root });
});

/** What the repository's own rule says of an import in a file at `path`. */
async function faultsOf(path: string, statement: string): Promise<string[]> {
  const { rules } = (await eslint.calculateConfigForFile(`${root}${path}`)) as { rules: Linter.RulesRecord };
  const rule = rules[RULE];
  const messages = new Linter().verify(statement, [{ rules: rule === undefined ? {} : { [RULE]: rule } }]);
  return messages.map(({ message }) => message);
}

const IMPORT = "import { ShardRegistry } from '@fourfold/sharding/operating';";
const WHOLE_SHARDS = "import { ShardUpkeep } from '@fourfold/sharding/upkeep';";

describe('raw access to shards', () => {
  it('is not in what the library shows, nor can another module have it injected', () => {
    expect(Object.values(surface)).not.toContain(ShardRegistry);
    expect(Object.keys(surface)).not.toContain('migrateShards');
    expect(Object.keys(surface)).not.toContain('ShardUpkeep');
    const shown = Reflect.getMetadata('exports', ShardingModule) as unknown[];
    expect(shown).toContain(surface.ShardRouter);
    expect(shown).not.toContain(ShardRegistry);
  });

  it.each(['apps/order-api/src/users/users.controller.ts', 'libs/shop/users/src/user.reader.ts'])(
    'is refused by lint in %s',
    async (path) => {
      expect(await faultsOf(path, IMPORT)).toEqual([expect.stringMatching(/around the sharding key/)]);
      expect(await faultsOf(path, WHOLE_SHARDS)).toEqual([expect.stringMatching(/read whole shards/)]);
      expect(await faultsOf(path, IMPORT.replace('/operating', ''))).toEqual([]);
    },
  );

  it.each([
    'tools/migrate/src/migrate-all.ts',
    'libs/shop/users/src/testing/users-shards.ts',
    'libs/shop/users/src/email-saga.int-spec.ts',
  ])('is there for tools and tests: %s', async (path) => {
    expect(await faultsOf(path, IMPORT)).toEqual([]);
    expect(await faultsOf(path, WHOLE_SHARDS)).toEqual([]);
  });

  it('is refused in a sweep too, which may read whole shards', async () => {
    const path = 'libs/shop/users/src/email.sweep.ts';
    expect(await faultsOf(path, IMPORT)).toEqual([expect.stringMatching(/around the sharding key/)]);
    expect(await faultsOf(path, WHOLE_SHARDS)).toEqual([]);
  });
});
