import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mainMigrations, shardMigrations } from './migrations.js';
import { EmptyPlatform, migrateCommand } from './testing/empty-platform.js';

let platform: EmptyPlatform;

beforeAll(async () => {
  platform = await EmptyPlatform.create();
});
afterAll(() => platform?.drop());

const ALL = mainMigrations.length + 4 * shardMigrations.length;
const run = (...args: string[]) => migrateCommand(args, platform.env());
const linesWith = (text: string, word: string) => text.split('\n').filter((line) => line.startsWith(word));

describe('npm run migrate', () => {
  it('tells what is pending, applies it with two running at once, and tells one that waits that it is applied', async () => {
    const before = await run('--status');
    expect(before).toMatchObject({ exitCode: 1, stderr: '' });
    expect(linesWith(before.stdout, 'pending')).toHaveLength(ALL);
    expect(before.stdout).toContain('pending  shard-3     CreateUsers1764000000500');

    const waiting = run('--status', '--wait');
    const both = await Promise.all([run(), run()]);
    expect(both.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);

    expect(await waiting).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/up to date\n$/),
    });
    const after = await run('--status');
    expect(after).toMatchObject({ exitCode: 0, stderr: '' });
    expect(linesWith(after.stdout, 'applied')).toHaveLength(ALL);
    for (const names of Object.values(await platform.recorded())) {
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('names a database that fails, and shows no password', async () => {
    const url = platform.missingDatabaseUrl('shard-1');
    const { exitCode, stdout, stderr } = await migrateCommand([], platform.env({ 'shard-1': url }));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('shard-1');
    expect(`${stdout}${stderr}`).not.toContain(new URL(url).password);
  });

  it.each(['DB_PRIMARY_URL', 'SHARD_URLS'] as const)(
    'with %s missing is an error that names it, and not another topology’s migration',
    async (missing) => {
      const { exitCode, stderr } = await migrateCommand([], { ...platform.env(), [missing]: '' });
      expect(exitCode).toBe(1);
      expect(stderr).toContain(missing);
    },
  );

  it('explains itself when it is called wrongly', async () => {
    const { exitCode, stderr } = await run('--staus');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--staus');
    expect(stderr).toContain('Usage:');
  });
});
