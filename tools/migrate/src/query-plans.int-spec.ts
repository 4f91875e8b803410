import { testEngine } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mechanismPlans } from './testing/mechanism.plans.js';
import type { Plan, Plans } from './testing/plan.js';
import { PlannedDatabase } from './testing/planned.database.js';
import { openShop, type PlannedShop } from './testing/planned.shop.js';
import { sentBy, type SentStatement } from './testing/sent.statements.js';
import { shopPlans } from './testing/shop.plans.js';
import { orderedOrLocking } from './testing/statements.js';

/** Each statement of the project with ORDER BY, LIMIT or a lock. One that calls another's is checked there. */
const plans: Plans = { ...mechanismPlans, ...shopPlans };

const statements = orderedOrLocking();
let databases: Record<'main' | 'shard', PlannedDatabase>;
let shop: PlannedShop;

beforeAll(async () => {
  databases = { main: await PlannedDatabase.main(), shard: await PlannedDatabase.shard() };
  shop = await openShop(databases.main, databases.shard);
});
afterAll(async () => {
  await shop?.close();
  await Promise.all(Object.values(databases).map((database) => database.close()));
});

async function sentFor(sql: string | undefined, plan: Plan): Promise<SentStatement[]> {
  const { texts = {}, parameters = [], call, like } = plan;
  if (sql === undefined) {
    const sent = await sentBy(() => call!(shop));
    return sent.filter((statement) => like!.test(statement.sql));
  }
  return [{ sql: sql.replace(/\{\{(\w+)\}\}/g, (_part, name: string) => texts[name]!), parameters }];
}

/** MySQL collects what an UPDATE finds by the index that it changes, as many rows as its limit says. */
const collects = (sql: string) => testEngine === 'mysql' && /^\s*UPDATE\b/.test(sql) && /\bLIMIT\b/.test(sql);

it('every statement with ORDER BY, LIMIT or a lock has a plan here', () => {
  expect(Object.keys(plans).sort()).toEqual(statements.map(({ name }) => name).sort());
});

describe('finds its rows by its index, unsorted', () => {
  const cases = statements.flatMap(({ name, sql }) =>
    (plans[name] ?? []).map((plan, index) => [`${name} ${index + 1}`, sql, plan] as const),
  );
  it.each(cases)('%s', async (_title, sql, plan) => {
    const sent = await sentFor(sql, plan);
    expect(sent).not.toEqual([]);
    for (const { sql: whole, parameters } of sent) {
      const steps = await databases[plan.on].explain(whole, parameters);
      // What is derived is counted or sorted in memory, and is no longer than its own limit.
      const tables = steps.filter(({ table }) => table !== null && !table.startsWith('<'));
      expect(Object.fromEntries(tables.map(({ table, key }) => [table, key]))).toEqual(plan.by);
      for (const { type, Extra } of tables) {
        expect(['ALL', ...(plan.walks ? [] : ['index'])]).not.toContain(type);
        if (!collects(whole)) expect(Extra).not.toContain('Using temporary');
        expect(Extra).not.toContain('Using filesort');
      }
    }
  });
});
