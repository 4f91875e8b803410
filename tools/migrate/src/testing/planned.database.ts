import { type MigratedDatabase, migratedDatabase, sequence } from '@fourfold-tools/testing';
import { evenTopology } from '@fourfold/sharding';
import { seedFences } from '@fourfold/sharding/operating';
import { mainEntities, shardEntities } from '@shop/composition';
import type { DataSource } from 'typeorm';
import { mainMigrations, shardMigrations } from '../migrations.js';

/** So many rows, of which so many are about to be taken, that the way of a statement matters to the server. */
const MAIN = [
  'SET foreign_key_checks = 0',
  `INSERT INTO outbox (msg_id, queue, payload, state, run_at, available_at, published_at, done_at)
   SELECT seq, CONCAT('queue-', seq % 4), '{}', ELT(1 + seq % 3, 'pending', 'published', 'done'), at, at, at, at
   FROM (SELECT seq, NOW(3) - INTERVAL seq MINUTE AS at FROM ${sequence(10_000)}) AS ages`,
  `INSERT INTO processed_messages (consumer, msg_id, processed_at)
   SELECT 'consumer', seq, NOW(3) - INTERVAL seq MINUTE FROM ${sequence(10_000)}`,
  `INSERT INTO dead_letters (queue, job_id, msg_id, reason, payload, error, errors, attempts, stalls, failed_at,
     status, resolved_at, auto_redrive_at)
   SELECT CONCAT('queue-', seq % 4), seq, seq, IF(seq % 3, 'attempts', 'timeout'), '{}', '', '[]', 4, 0, NOW(3),
     IF(seq % 9, 'redriven', 'open'), IF(seq % 9, NOW(3) - INTERVAL seq HOUR, NULL),
     IF(seq % 99, NULL, NOW(3) - INTERVAL seq SECOND) FROM ${sequence(10_000)}`,
  `INSERT INTO products (id, sku, name, price_minor, currency) SELECT seq, seq, '', 1, 'GBP' FROM ${sequence(10_000)}`,
  `INSERT INTO stock (product_id, available) SELECT seq, 1 FROM ${sequence(10_000)}`,
  `INSERT INTO orders (id, user_id, status, total_minor, currency, shipping_address, created_at)
   SELECT seq, seq, 'pending', 1, 'GBP', '', NOW(3) FROM ${sequence(5_000)}`,
  `INSERT INTO order_items (order_id, product_id, quantity, unit_price_minor)
   SELECT 1 + seq DIV 5, seq, 1, 1 FROM ${sequence(25_000)}`,
  `INSERT INTO emails (msg_id, order_id, state, recipient, created_at)
   SELECT seq, seq, 'sent', '', NOW(3) - INTERVAL seq HOUR FROM ${sequence(5_000)}`,
  `INSERT INTO order_events (order_id, event, occurred_at, total_minor)
   SELECT seq, 'placed', NOW(3) - INTERVAL seq HOUR, 1 FROM ${sequence(10_000)}`,
  `INSERT INTO operator_actions (at, actor, action, target, address, request_id)
   SELECT NOW(3) - INTERVAL seq MINUTE, seq % 9, seq % 20, '', '', seq FROM ${sequence(10_000)}`,
  `INSERT INTO operator_action_outcomes (action_id, status) SELECT id, 200 FROM operator_actions`,
  `INSERT INTO email_changes (user_id, change_id, email, left_email, token, expires_at, asked, asked_since)
   SELECT seq, seq, '', '', '', NOW(3) - INTERVAL seq MINUTE, 1, NOW(3) FROM ${sequence(10_000)}`,
  `INSERT INTO idempotency_keys (caller, route, idempotency_key, request_hash, order_id, response_body, created_at)
   SELECT CONCAT('customer:', seq % 100), 'POST /v1/orders', seq, '', seq, '{}', NOW(3) - INTERVAL seq MINUTE
   FROM ${sequence(10_000)}`,
  `INSERT INTO shard_topology (epoch, document, created_at) SELECT seq, '{}', NOW(3) FROM ${sequence(200)}`,
  `ANALYZE TABLE outbox, processed_messages, dead_letters, products, stock, orders, order_items, emails, idempotency_keys,
     order_events, operator_actions, operator_action_outcomes, email_changes, shard_topology, snowflake_workers`,
];

const SHARD = [
  `INSERT INTO users (id, name, email, created_at) SELECT seq, seq, seq, NOW(3) FROM ${sequence(10_000)}`,
  `INSERT INTO user_emails (email, user_id, state, reserved_until)
   SELECT seq, seq, IF(seq % 9, 'confirmed', 'reserved'), NOW(3) - INTERVAL seq SECOND FROM ${sequence(10_000)}`,
  `INSERT INTO ended_email_sagas (user_id, saga_id, ended_at)
   SELECT seq, seq, NOW(3) - INTERVAL seq MINUTE FROM ${sequence(10_000)}`,
  `INSERT INTO user_orders (user_id, order_id, created_at)
   SELECT seq DIV 50, seq, NOW(3) FROM ${sequence(10_000)}`,
  `INSERT INTO owed_user_invalidations (user_id, version) SELECT seq, 2 FROM ${sequence(10_000)}`,
  'ANALYZE TABLE users, user_emails, ended_email_sagas, user_orders, owed_user_invalidations, ring_fence',
  `INSERT INTO ring_log (slot, shard_key, epoch) SELECT seq % 16384, seq, 1 FROM ${sequence(10_000)}`,
  'ANALYZE TABLE ring_log',
];

/** Which shard it takes itself for. */
export const PLANNED_SHARD = 'shard-0';

/** What EXPLAIN says of one table. */
export interface Step {
  table: string | null;
  type: string | null;
  key: string | null;
  Extra: string;
}

/** A database of the main cluster or of a shard, with rows in it. */
export class PlannedDatabase {
  private constructor(private readonly migrated: MigratedDatabase) {}

  static async main(): Promise<PlannedDatabase> {
    const migrated = await migratedDatabase({ migrations: mainMigrations, entities: mainEntities });
    return PlannedDatabase.filled(migrated, MAIN);
  }

  static async shard(): Promise<PlannedDatabase> {
    const migrated = await migratedDatabase({ migrations: shardMigrations, entities: shardEntities });
    await seedFences(migrated.dataSource, PLANNED_SHARD, evenTopology([PLANNED_SHARD]));
    return PlannedDatabase.filled(migrated, SHARD);
  }

  /** On one connection. */
  private static async filled(migrated: MigratedDatabase, statements: string[]): Promise<PlannedDatabase> {
    const runner = migrated.dataSource.createQueryRunner();
    for (const statement of statements) await runner.query(statement);
    await runner.query('SET foreign_key_checks = 1');
    await runner.release();
    return new PlannedDatabase(migrated);
  }

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  /** For the account that the apps have. */
  get url(): string {
    return this.migrated.database.appUrl;
  }

  async explain(sql: string, parameters: readonly unknown[]): Promise<Step[]> {
    const steps: (Omit<Step, 'Extra'> & { Extra: string | null })[] = await this.dataSource.query(
      `EXPLAIN ${sql}`,
      [...parameters],
    );
    // Of nothing extra MariaDB says '', and MySQL NULL.
    return steps.map((step) => ({ ...step, Extra: step.Extra ?? '' }));
  }

  close(): Promise<void> {
    return this.migrated.close();
  }
}
