import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, type Platform, startPlatform } from '@fourfold-tools/e2e';
import { eventually, fullRun } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Migration {
  id: string;
  state: string;
  wanted: string;
  progress: { step: number | null; done: number; of: number } | null;
  rowsTotal: number;
  rowsCopied: number;
  logRows: number | null;
  mismatches: number;
  longestFreezeMs: number;
  error: string | null;
  code?: string;
  detail?: string;
}

/** In URLs that are wrong. */
const PASSWORD = 'hidden-from-all';
const DEADLINE = { deadlineMs: 60_000 };
const MIGRATIONS = '/admin/migrations';

let platform: Platform;
/** Where every process looks for the URLs of shards that come. */
let secrets: string;
let urls: Record<string, string>;
let primaryUrl: string;
const users = new Map<string, string>();
const answers: string[] = [];

beforeAll(async () => {
  secrets = mkdtempSync(join(tmpdir(), 'fourfold-shards-'));
  const env = ({ SHARD_URLS = '', DB_PRIMARY_URL = '' }: Record<string, string>) => {
    primaryUrl = DB_PRIMARY_URL;
    urls = Object.fromEntries(
      SHARD_URLS.split(',').map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]),
    );
    return { SHARD_SECRETS_DIR: secrets };
  };
  platform = await startPlatform({ name: 'migrations', apiEnv: env, workerEnv: env });
  for (let nth = 0; nth < 40; nth += 1) users.set(await platform.shop.user(`User ${nth}`), `User ${nth}`);
}, 120_000);
afterAll(async () => {
  await platform?.stop();
  if (secrets) rmSync(secrets, { recursive: true });
});

const heard = <T>(answer: Answer<T>): Answer<T> => {
  answers.push(answer.text);
  return answer;
};
const begin = async (body: object) => heard(await platform.api.post<Migration>(MIGRATIONS, body));
const steer = async (id: string, way: string) =>
  heard(await platform.api.post<Migration>(`${MIGRATIONS}/${id}/${way}`));
const get = async (id: string) => heard(await platform.api.get<Migration>(`${MIGRATIONS}/${id}`)).body;
const keep = (file: string, url: string) => writeFileSync(join(secrets, file), `${url}\n`);

/** @returns each state that was seen on the way */
async function reached(id: string, state: string): Promise<string[]> {
  const seen = new Set<string>();
  await eventually(async () => {
    const now = (await get(id)).state;
    seen.add(now);
    return now === state;
  }, DEADLINE);
  return [...seen];
}

/** As when the ten minutes are over in which slots may be taken back. */
const endReverse = (id: string) =>
  platform.primary.query('UPDATE ring_task SET state_since = state_since - INTERVAL 1 HOUR WHERE id = ?', [
    id,
  ]);

async function rename(every: number, name: string): Promise<void> {
  for (const id of [...users.keys()].filter((_, nth) => nth % every === 0)) {
    const body = { name };
    const { status } = await platform.api.call('PATCH', `/users/${id}`, {
      body,
      headers: { 'if-match': '*' },
    });
    expect(status).toBe(200);
    users.set(id, name);
  }
}

async function expectAllUsers(): Promise<void> {
  for (const [id, name] of users)
    expect((await platform.api.get(`/users/${id}`)).body).toMatchObject({ id, name });
}

async function shardsNow(): Promise<string[]> {
  const { body } = await platform.api.get<{ shards: { shard: string }[] }>('/admin/shards');
  return body.shards.map(({ shard }) => shard);
}

describe('a migration that can’t be is refused, and nothing has begun', () => {
  it.each<[what: string, body: () => object, status: number, code: string, detail: RegExp]>([
    [
      'an unknown shard',
      () => ({ kind: 'remove', shard: 'shard-8' }),
      422,
      'invalid-ring-change',
      /not in the/,
    ],
    [
      'a shard that is there',
      () => ({ kind: 'add', shard: 'shard-0' }),
      422,
      'invalid-ring-change',
      /already/,
    ],
    ['no URL', () => ({ kind: 'add', shard: 'shard-8' }), 422, 'invalid-migration', /no URL .* file shard-8/],
    [
      'a typo in the URL',
      () => file('typo', `mysql:/app:${PASSWORD}@host:3306/shop`),
      422,
      'invalid-migration',
      /The URL of shard-8 has no/,
    ],
    [
      'a server that does not answer',
      () => file('away', `mysql://app:${PASSWORD}@127.0.0.1:1/shop`),
      422,
      'invalid-migration',
      /does not answer/,
    ],
    [
      'a password that is wrong',
      () => file('password', Object.assign(new URL(urls['shard-1']!), { password: PASSWORD }).href),
      422,
      'invalid-migration',
      /refuses the account/,
    ],
    [
      'a source',
      () => file('source', urls['shard-0']!),
      422,
      'invalid-migration',
      /on the server of shard-0/,
    ],
    [
      'a database of another schema',
      () => file('other', primaryUrl),
      422,
      'invalid-migration',
      /has another schema/,
    ],
    ['a file elsewhere', () => add({ file: '../../etc/passwd' }), 400, 'validation-failed', /url\.file/],
    [
      'a URL as a file',
      () => add({ file: `mysql://a:${PASSWORD}@h/d` }),
      400,
      'validation-failed',
      /url\.file/,
    ],
    ['a URL', () => add(`mysql://a:${PASSWORD}@h/d`), 400, 'validation-failed', /url/],
    ['a field that is none', () => ({ kind: 'rebalance', force: true }), 400, 'validation-failed', /force/],
    ['too few rows', () => ({ kind: 'rebalance', maxRows: 0 }), 400, 'validation-failed', /maxRows/],
    ['another kind', () => ({ kind: 'weight', shard: 'shard-0' }), 400, 'validation-failed', /kind/],
  ])('%s', async (_what, body, status, code, detail) => {
    for (const dryRun of [true, false]) {
      const answer = await begin({ ...body(), dryRun });
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.body.detail).toMatch(detail);
    }
    expect((await platform.api.get<{ items: unknown[] }>(MIGRATIONS)).body.items).toEqual([]);
  });

  const add = (url: unknown) => ({ kind: 'add', shard: 'shard-8', url });
  const file = (name: string, url: string) => {
    keep(name, url);
    return add({ file: name });
  };

  it.each(['', '/pause', '/resume', '/abort', '/rollback'])('one that is not there: …/:id%s', async (way) => {
    const method = way === '' ? 'GET' : 'POST';
    const none = await platform.api.call<Migration>(method, `${MIGRATIONS}/999${way}`);
    expect(none).toMatchObject({ status: 404, body: { code: 'migration-not-found' } });
    const odd = await platform.api.call<Migration>(method, `${MIGRATIONS}/x${way}`);
    expect(odd).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
  });
});

describe('slots are moved by the API', { timeout: 120_000 }, () => {
  it('from a shard that is to go, while users are changed, until it is not in the topology', async () => {
    const remove = { kind: 'remove', shard: 'shard-3' };
    const shown = await begin({ ...remove, dryRun: true });
    expect(shown).toMatchObject({ status: 200, body: { dryRun: true, ...remove, overfull: [] } });
    expect((await platform.api.get<{ items: unknown[] }>(MIGRATIONS)).body.items).toEqual([]);

    const begun = await begin(remove);
    const { id, rowsTotal } = begun.body;
    expect(begun.headers.get('location')).toBe(`/v1${MIGRATIONS}/${id}`);
    expect(begun).toMatchObject({
      status: 202,
      body: { dryRun: false, ...remove, state: 'planned', wanted: 'run' },
    });
    expect(rowsTotal).toBe(shown.body.rowsTotal);
    for (const dryRun of [true, false])
      expect(await begin({ kind: 'rebalance', dryRun })).toMatchObject({
        status: 409,
        body: { code: 'migration-running', detail: expect.stringContaining(`Migration ${id} is `) },
      });
    expect(await steer(id, 'pause')).toMatchObject({ status: 200, body: { wanted: 'pause' } });
    expect(await steer(id, 'resume')).toMatchObject({ status: 200, body: { wanted: 'run' } });

    await reached(id, 'copy');
    await rename(2, 'While it was copied');
    await reached(id, 'reverse');
    await rename(3, 'After it was handed off');
    const moved = await get(id);
    expect(moved).toMatchObject({ progress: { step: 7 }, mismatches: 0, logRows: expect.any(Number) });
    expect(moved.rowsCopied).toBeGreaterThanOrEqual(rowsTotal);
    await endReverse(id);
    await reached(id, 'purged');
    expect(await get(id)).toMatchObject({ progress: null, logRows: 0, error: null });

    await expectAllUsers();
    await eventually(async () => (await shardsNow()).join() === 'shard-0,shard-1,shard-2');
    const [left] = await platform.shards['shard-3']!.query('SELECT COUNT(*) AS n FROM users');
    expect(left).toEqual([{ n: '0' }]);
    for (const way of ['pause', 'resume', 'abort', 'rollback'])
      expect(await steer(id, way)).toMatchObject({ status: 409, body: { code: 'migration-state' } });
  });

  const nine = { kind: 'add', shard: 'shard-9', url: { file: 'shard-nine' } };

  it('to a shard that only its file tells of, and it is taken back', async () => {
    keep('shard-nine', urls['shard-3']!);
    const shard = platform.shards['shard-3']!;
    await shard.query("INSERT INTO ring_log (slot, shard_key, epoch) VALUES (1, 'left', 1)");
    const full = await begin(nine);
    expect(full).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('ring_log is not empty') },
    });
    await shard.query('DELETE FROM ring_log');

    const { id } = (await begin(nine)).body;
    expect(await steer(id, 'abort')).toMatchObject({ status: 200, body: { wanted: 'abort' } });
    expect(await steer(id, 'resume')).toMatchObject({ status: 409, body: { code: 'migration-state' } });
    await reached(id, 'aborted');
    expect(await shardsNow()).not.toContain('shard-9');
    await expectAllUsers();
  });

  it.each(fullRun ? ['rollback', 'abort'] : [])(
    'to such a shard and back by %s after all is handed off, with what was written there',
    async (way) => {
      const { id } = (await begin(nine)).body;
      await reached(id, 'reverse');
      expect(await shardsNow()).toContain('shard-9');
      await rename(2, `On the new shard, before ${way}`);
      const [there] = await platform.shards['shard-3']!.query('SELECT COUNT(*) AS n FROM users');
      expect(there).not.toEqual([{ n: '0' }]);
      expect(await steer(id, way)).toMatchObject({ status: 200, body: { wanted: 'abort' } });
      await reached(id, 'aborted');
      await expectAllUsers();
      await eventually(async () => !(await shardsNow()).includes('shard-9'));
      const [left] = await platform.shards['shard-3']!.query('SELECT COUNT(*) AS n FROM users');
      expect(left).toEqual([{ n: '0' }]);
    },
  );
});

it('lists migrations newest first, page by page, and its cursor is of this list alone', async () => {
  type Page = { items: Migration[]; nextCursor: string | null };
  const whole = (await platform.api.get<Page>(MIGRATIONS)).body.items.map(({ id }) => id);
  expect(whole.length).toBeGreaterThanOrEqual(2);
  const paged: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await platform.api.get<Page>(`${MIGRATIONS}?limit=1${query}`);
    paged.push(...body.items.map(({ id }) => id));
    cursor = body.nextCursor;
  }
  expect(paged).toEqual(whole);
  expect([...whole].sort((a, b) => Number(b) - Number(a))).toEqual(whole);
  const { nextCursor } = (await platform.api.get<Page>(`${MIGRATIONS}?limit=1`)).body;
  expect(await platform.api.get(`/admin/audit?cursor=${encodeURIComponent(nextCursor!)}`)).toMatchObject({
    status: 400,
    body: { code: 'invalid-cursor' },
  });
});

it('has in the audit log who asked for what, and tells no password to any caller or log', async () => {
  const { body } = await platform.api.get<{ items: { action: string; status: number; actor: string }[] }>(
    '/admin/audit?limit=100',
  );
  const of = (action: string) =>
    body.items.filter((item) => item.action === `POST /v1${MIGRATIONS}${action}`);
  expect(of('').map(({ status }) => status)).toContain(200);
  for (const way of ['pause', 'resume', 'abort'])
    expect(of(`/:id/${way}`)[0]).toMatchObject({ actor: 'e2e' });
  const passwords = [PASSWORD, ...Object.values(urls).map((url) => new URL(url).password)];
  const logs = await Promise.all(
    [...platform.apis, ...platform.workers].map((process) => process.wholeLog()),
  );
  const [tasks] = await platform.primary.query('SELECT * FROM ring_task');
  const [topologies] = await platform.primary.query('SELECT * FROM shard_topology');
  const told = [...answers, ...logs, JSON.stringify(tasks), JSON.stringify(topologies)].join('\n');
  expect(told).toContain('shard-nine');
  for (const password of passwords) expect(told).not.toContain(password);
});
