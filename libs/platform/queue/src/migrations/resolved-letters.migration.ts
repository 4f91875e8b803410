import { ForwardMigration } from '@fourfold/db-routing';
import type { QueryRunner } from 'typeorm';

/** Letters by when they were resolved, for their retention. Open ones have no such time, and are not among them. */
export class ResolvedLetters1764400000900 extends ForwardMigration {
  readonly name = 'ResolvedLetters1764400000900';

  up(queryRunner: QueryRunner): Promise<void> {
    return this.addKey(queryRunner, 'dead_letters', 'dead_letters_resolved', '(resolved_at)');
  }
}
