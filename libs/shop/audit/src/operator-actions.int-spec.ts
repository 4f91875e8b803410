import { type MigratedDatabase, migratedDatabase } from '@fourfold-tools/testing';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditMigrations } from './index.js';
import { OperatorActions } from './operator-actions.js';

const PAUSE = 'POST /v1/admin/queues/:name/pause';
let migrated: MigratedDatabase;
let actions: OperatorActions;

beforeAll(async () => {
  migrated = await migratedDatabase({ migrations: auditMigrations });
  actions = new OperatorActions(migrated.dataSource);
  for (let nth = 1; nth <= 9; nth++) {
    const id = await actions.begin({
      actor: nth % 3 === 0 ? 'grace' : 'ada',
      action: nth % 2 === 0 ? PAUSE : 'POST /v1/products',
      target: `/v1/${nth}`,
      address: '10.0.0.7',
      requestId: `request-${nth}`,
    });
    if (nth !== 9) await actions.end(id, 200 + nth);
  }
});
afterAll(() => migrated?.close());

describe('the log of actions', () => {
  it('is listed newest first, with its outcomes, page by page', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await actions.list({ limit: 2 }, cursor);
      seen.push(...page.items.map(({ target, status }) => `${target} ${status}`));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    const done = [8, 7, 6, 5, 4, 3, 2, 1].map((nth) => `/v1/${nth} ${200 + nth}`);
    expect(seen).toEqual(['/v1/9 null', ...done]);
  });

  it('is filtered by who, what and when', async () => {
    const targets = async (filter: object) =>
      (await actions.list({ limit: 100, ...filter })).items.map(({ target }) => target);
    expect(await targets({ actor: 'grace' })).toEqual(['/v1/9', '/v1/6', '/v1/3']);
    expect(await targets({ actor: 'grace', action: PAUSE })).toEqual(['/v1/6']);
    const [{ at } = { at: '' }] = (await actions.list({ limit: 1, actor: 'grace' })).items;
    expect(await targets({ actor: 'grace', from: at })).toEqual(['/v1/9']);
    expect(await targets({ action: 'POST /v1/products', to: at })).not.toContain('/v1/9');
    expect(await targets({ from: '2999-01-01T00:00:00Z' })).toEqual([]);
  });

  it('cuts what is too long to be stored', async () => {
    const long = {
      actor: 'x'.repeat(300),
      action: PAUSE,
      target: 'y'.repeat(600),
      address: '::1',
      requestId: 'z',
    };
    await actions.begin(long);
    const [action] = (await actions.list({ limit: 1 })).items;
    expect([action!.actor.length, action!.target.length]).toEqual([255, 500]);
  });
});

it('refuses to be changed, by any account, and to be emptied by the application’s', async () => {
  const { database } = migrated;
  for (const url of [database.appUrl, database.migrateUrl]) {
    const connection = await createConnection(url);
    const refused = async (sql: string, why: RegExp) => expect(connection.query(sql)).rejects.toThrow(why);
    for (const table of ['operator_actions', 'operator_action_outcomes']) {
      await refused(`DELETE FROM ${table}`, /is append-only/);
      await refused(`UPDATE ${table} SET at = NOW()`, /is append-only/);
      if (url !== database.appUrl) continue;
      await refused(`TRUNCATE ${table}`, /denied/);
      await refused(`DROP TRIGGER ${table}_no_delete`, /denied/);
    }
    await connection.end();
  }
});
