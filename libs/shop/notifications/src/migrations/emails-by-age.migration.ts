import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** E-mails by their age, for their retention. */
export class EmailsByAge1764400000800 extends ForwardMigration {
  readonly name = 'EmailsByAge1764400000800';

  up(queryRunner: QueryRunner): Promise<void> {
    return this.addKey(queryRunner, 'emails', 'emails_age', '(created_at)');
  }
}
