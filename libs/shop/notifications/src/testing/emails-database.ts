import { type KnownQueue, Outbox, outboxMigrations } from '@fourfold/outbox';
import { type MigratedDatabase, migratedDatabase } from '@fourfold-tools/testing';
import { emailQueue } from '@shop/contracts';
import type { DataSource } from 'typeorm';
import { EmailEntity } from '../email.entity.js';
import { CountTries1764100000800 } from '../migrations/count-tries.migration.js';
import { CreateEmails1764000000800 } from '../migrations/create-emails.migration.js';
import { EmailsByAge1764400000800 } from '../migrations/emails-by-age.migration.js';

/** The tables that sending an e-mail needs, in a database of one test file. */
export class EmailsDatabase {
  readonly outbox = new Outbox<KnownQueue>();

  private constructor(private readonly migrated: MigratedDatabase) {}

  get url(): string {
    return this.migrated.database.appUrl;
  }

  get dataSource(): DataSource {
    return this.migrated.dataSource;
  }

  static async create(): Promise<EmailsDatabase> {
    const migrations = [
      ...outboxMigrations,
      CreateEmails1764000000800,
      CountTries1764100000800,
      EmailsByAge1764400000800,
    ];
    return new EmailsDatabase(await migratedDatabase({ migrations, entities: [EmailEntity] }));
  }

  /** The message that a settled order leaves. */
  async addMessage(messageId: string): Promise<void> {
    await this.outbox.add(this.dataSource.manager, { messageId, queue: emailQueue.name, payload: {} });
  }

  async messageState(messageId: string): Promise<string | undefined> {
    const [row] = await this.dataSource.query<{ state: string }[]>(
      'SELECT state FROM outbox WHERE msg_id = ?',
      [messageId],
    );
    return row?.state;
  }

  email(messageId: string): Promise<EmailEntity | null> {
    return this.dataSource.manager.findOneBy(EmailEntity, { messageId });
  }

  /** Whether a transaction on this database waits for another's row. */
  async someoneWaitsForALock(): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%INSERT INTO emails%' AND id <> CONNECTION_ID()",
    );
    return rows.length > 0;
  }

  close(): Promise<void> {
    return this.migrated.close();
  }
}
