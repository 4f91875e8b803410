import { createDatabase, type TestDatabase, topology } from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CreateUsers1764000000500 } from './create-users.migration.js';
import { EmailSagas1764200000500 } from './email-sagas.migration.js';

let database: TestDatabase;
let shard: DataSource;

beforeAll(async () => {
  database = await createDatabase(topology(), { node: 'shard-0' });
  shard = await new DataSource({ type: 'mysql', url: database.migrateUrl }).initialize();
});
afterAll(async () => {
  await shard?.destroy();
  await database?.drop();
});

it('keeps the addresses of an earlier version, and can be repeated where it was cut short', async () => {
  const runner = shard.createQueryRunner();
  await new CreateUsers1764000000500().up(runner);
  await shard.query(
    "INSERT INTO user_emails (email, user_id, state, reserved_until) VALUES ('a@b.c', 7, 'confirmed', NOW())",
  );
  const migration = new EmailSagas1764200000500();
  await shard.query(
    'ALTER TABLE user_emails ADD COLUMN saga_id BIGINT UNSIGNED NOT NULL DEFAULT 0 AFTER user_id',
  );
  await migration.up(runner);
  await migration.up(runner);
  expect(await shard.query('SELECT email, user_id, saga_id, state FROM user_emails')).toEqual([
    { email: 'a@b.c', user_id: '7', saga_id: '0', state: 'confirmed' },
  ]);
  const plan: { key: string }[] = await shard.query(
    "EXPLAIN SELECT email FROM user_emails WHERE state = 'reserved' AND reserved_until <= NOW(3) ORDER BY reserved_until, email LIMIT 8",
  );
  expect(plan.map(({ key }) => key)).toEqual(['user_emails_due']);
  await runner.release();
});
