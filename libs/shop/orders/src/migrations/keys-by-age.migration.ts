import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** Keys by their age, for their retention. New ones come at the end of the index. */
export class KeysByAge1764400000600 extends ForwardMigration {
  readonly name = 'KeysByAge1764400000600';

  up(queryRunner: QueryRunner): Promise<void> {
    return this.addKey(queryRunner, 'idempotency_keys', 'idempotency_keys_age', '(created_at)');
  }
}
