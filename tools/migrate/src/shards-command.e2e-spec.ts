import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmptyPlatform, migrateCommand, shardsCommand } from './testing/empty-platform.js';

let platform: EmptyPlatform;

beforeAll(async () => {
  platform = await EmptyPlatform.create();
  expect(await migrateCommand([], platform.env())).toMatchObject({ exitCode: 0 });
}, 60_000);
afterAll(() => platform?.drop());

const run = (...args: string[]) => shardsCommand(args, platform.env());

describe('npm run shards', { timeout: 60_000 }, () => {
  // Before a migration is there: while one is, each other one is refused for that.
  it.each([
    [['remove', 'shard-8', '--dry-run'], 1, 'shard-8 is not in the ring'],
    [['add', 'shard-4'], 1, 'shard-4 can’t be added: this process finds no URL of it in the file shard-4'],
    [['add', 'shard-4', 'mysql://app:secret@host/db'], 1, 'SHARD_SECRETS_DIR does not say where'],
    [['add'], 2, 'add needs the name of the shard'],
    [['move'], 2, 'move is no command'],
    [['rebalance', '--max-rows', '0'], 2, '--max-rows must be a whole number of rows, 1 or more, and is "0"'],
    [['rebalance', '--max-rows', 'many', '--dry-run'], 2, 'and is "many"'],
    [['remove', 'shard-3', '--max-rows', '5'], 2, '--max-rows is for rebalance'],
  ])('%s is an error that says why', async (args, code, reason) => {
    const { exitCode, stderr } = await run(...args);
    expect(exitCode).toBe(code);
    expect(stderr).toContain(reason);
  });

  it('shows a plan that changes nothing, begins it, and refuses another one', async () => {
    const shown = await run('remove', 'shard-3', '--dry-run');
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toContain('remove shard-3: 4,096 slots with 0 rows move');
    const env = platform.env();
    const more = { ...env, SHARD_URLS: `${env.SHARD_URLS},shard-9=${platform.url('shard-3')}` };
    // Not a word of the shard that is to be added later.
    expect((await shardsCommand(['status'], more)).stdout).toBe('no migration yet\n');

    const begun = await run('remove', 'shard-3');
    expect(begun.stdout.startsWith(shown.stdout)).toBe(true);
    expect(begun.stdout).toContain('migration 1, remove shard-3: planned (step 1 of 8), waits for a worker');
    expect((await run('rebalance')).stderr).toContain('Migration 1 is planned: one runs at a time');
    expect((await run('pause')).stdout).toContain('pause was asked for');
    expect((await run('rollback')).stdout).toContain('abort was asked for');
  });
});
