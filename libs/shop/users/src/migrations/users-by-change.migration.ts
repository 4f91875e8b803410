import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/**
 * When each user last changed, by the server's own clock, for readers that follow changes. A `TIMESTAMP` is the same
 * moment whatever the session's time zone. Users of before have the moment of the migration.
 */
export class UsersByChange1764600000500 extends ForwardMigration {
  readonly name = 'UsersByChange1764600000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.addColumn(
      queryRunner,
      'users',
      'updated_at',
      'TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)',
    );
    await this.addKey(queryRunner, 'users', 'users_changed', '(updated_at, id)');
  }
}
