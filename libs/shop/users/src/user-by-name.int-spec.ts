import { sequence } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserEntity } from './user.entity.js';
import { UsersShards } from './testing/users-shards.js';

const PREFIX = 'Zoë_%\\';
/** What comes after the prefix: each border of what UTF-8 writes in another number of bytes, and of the planes. */
const ENDINGS = [
  '',
  '!',
  'a',
  '\u{7FF}',
  '\u{D7FF}',
  '\u{E000}',
  '\u{FFFD}',
  '\u{FFFF}',
  '\u{10000}',
  '\u{1F600}',
  '\u{1F600}\u{1F600} Smith',
  '\u{10FFFF}',
];
const OTHERS = ['Zoë_%', 'Zoë_%]', 'Zoëa%\\x', 'zoë_%\\', `Zoe_%\\`, '\u{10FFFE}', '\u{10FFFF}\u{10FFFF}x'];

/** So many that the index on names pays. */
const FILLERS = `
  INSERT INTO users (id, name, email, version, created_at)
  SELECT seq, CONCAT('Filler ', seq), CONCAT(seq, '@example.com'), 1, NOW(3) FROM ${sequence(2_000)}
`;

let shards: UsersShards;

beforeAll(async () => {
  shards = await UsersShards.start();
  await shards.everywhere(FILLERS);
  const names = [...ENDINGS.map((ending) => PREFIX + ending), ...OTHERS];
  for (const [index, name] of names.entries()) {
    const id = shards.userOn(`shard-${index % 4}`);
    const user = { id, name, email: `${id}@example.com`, version: 1, createdAt: new Date() };
    await shards.router.write(id, (manager) => manager.insert(UserEntity, user));
  }
  await shards.everywhere('ANALYZE TABLE users');
});
afterAll(() => shards?.stop());

async function namesWith(namePrefix: string, limit: number): Promise<string[]> {
  const { reader } = shards.library();
  const names: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await reader.search({ namePrefix, limit, cursor });
    expect(page.unavailableShards).toEqual([]);
    names.push(...page.items.map(({ name }) => name));
    if (page.nextCursor === null) return names;
    cursor = page.nextCursor;
  }
}

describe('a search by the beginning of a name', () => {
  it.each([1, 2, 5, 12, 13, 100])(
    'finds whatever follows it, beyond U+FFFF too, in the order of names, in pages of %i',
    async (limit) => {
      // By code point.
      const wanted = ENDINGS.map((ending) => PREFIX + ending);
      expect(await namesWith(PREFIX, limit)).toEqual(wanted);
    },
  );

  it.each([1, 100])('that has no character above it finds no other, in pages of %i', async (limit) => {
    expect(await namesWith('\u{10FFFF}', limit)).toEqual(['\u{10FFFF}\u{10FFFF}x']);
    expect(await namesWith('Zoë_%\\\u{10FFFF}', limit)).toEqual([`${PREFIX}\u{10FFFF}`]);
  });
});
