import { Outbox, outboxMigrations } from '@fourfold/outbox';
import { createDatabase, topology } from '@fourfold-tools/testing';
import { emailQueue } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { EmailEntity } from '../email.entity.js';
import { CreateEmails1764000000800 } from '../migrations/create-emails.migration.js';

/** The tables that sending an e-mail needs, in a database of one test file. */
export class EmailsDatabase {
  readonly outbox = new Outbox();

  private constructor(
    readonly dataSource: DataSource,
    private readonly drop: () => Promise<void>,
  ) {}

  static async create(): Promise<EmailsDatabase> {
    const database = await createDatabase(topology(), { node: 'primary' });
    const migrate = new DataSource({
      type: 'mysql',
      url: database.migrateUrl,
      migrations: [...outboxMigrations, CreateEmails1764000000800],
    });
    await migrate.initialize();
    await migrate.runMigrations({ transaction: 'none' });
    await migrate.destroy();
    const dataSource = new DataSource({
      type: 'mysql',
      url: database.appUrl,
      entities: [EmailEntity],
      isolationLevel: 'READ COMMITTED',
      supportBigNumbers: true,
      bigNumberStrings: true,
      timezone: 'Z',
    });
    await dataSource.initialize();
    return new EmailsDatabase(dataSource, () => database.drop());
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

  /** As if the process had died after the mail server's answer and before its own record. */
  async forgetThatItWasSent(messageId: string): Promise<void> {
    await this.dataSource.manager.update(EmailEntity, { messageId }, { state: 'sending', sentAt: null });
    await this.dataSource.query("UPDATE outbox SET state = 'published' WHERE msg_id = ?", [messageId]);
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
    await this.drop();
  }
}
