import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** Letters of one queue in the order of their ids, whatever their reasons are: `dead_letters_kind` has those between. */
export class DeadLettersByQueue1764200000900 extends ForwardMigration {
  readonly name = 'DeadLettersByQueue1764200000900';

  up(queryRunner: QueryRunner): Promise<void> {
    return this.addKey(queryRunner, 'dead_letters', 'dead_letters_queue', '(status, queue, id)');
  }
}
