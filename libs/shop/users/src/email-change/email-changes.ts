import { inTransaction } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { SnowflakeIds } from '@fourfold/sharding';
import { Injectable } from '@nestjs/common';
import { accountEmailQueue, type ShopQueue } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { TooManyEmailChangesError } from './email-change.errors.js';
import { type ChangeOfEmail, EmailChangeTokens } from './email-change.token.js';
import { StoredEmailChanges } from './stored-email-changes.js';

export interface EmailChangesOptions {
  readonly secrets: readonly string[];
  /** How long a link is good. */
  readonly lifeMs: number;
}

const MOST_IN_A_DAY = 5;

/** `asked` before `asked_since`: both are of the row as it was. Primary key. */
const ASK = `
  INSERT INTO email_changes (user_id, change_id, email, left_email, token, expires_at, asked, asked_since)
  VALUES (?, ?, ?, ?, ?, NOW(3) + INTERVAL ? MICROSECOND, 1, NOW(3))
  ON DUPLICATE KEY UPDATE
    change_id = VALUES(change_id), email = VALUES(email), left_email = VALUES(left_email),
    token = VALUES(token), expires_at = VALUES(expires_at),
    asked = IF(asked_since > NOW(3) - INTERVAL 1 DAY, asked + 1, 1),
    asked_since = IF(asked_since > NOW(3) - INTERVAL 1 DAY, asked_since, NOW(3))
`;

const COUNT = 'SELECT asked FROM email_changes WHERE user_id = ?';

/** The row stays, for its count; its link and its address go. */
const END =
  "UPDATE email_changes SET change_id = 0, email = '', left_email = '', token = '' WHERE user_id = ?";
const END_THIS = `${END} AND change_id = ?`;

/** Addresses that customers have asked for and not confirmed: one a user, the last one. They are reserved nowhere. */
@Injectable()
export class EmailChanges extends StoredEmailChanges {
  private readonly tokens: EmailChangeTokens;

  constructor(
    private readonly main: DataSource,
    private readonly ids: SnowflakeIds,
    private readonly outbox: Outbox<ShopQueue>,
    private readonly options: EmailChangesOptions,
  ) {
    super(main);
    this.tokens = new EmailChangeTokens(options.secrets);
  }

  /**
   * Notes the address, with a mail to it that has the link, and one to the address that is to be left. Whether another
   * user has it is not looked at: neither the answer nor the time that it takes can tell.
   * @throws TooManyEmailChangesError
   */
  async ask(userId: string, email: string, leftEmail: string): Promise<void> {
    const { lifeMs } = this.options;
    const changeId = await this.ids.waitForId();
    const token = this.tokens.make({ userId, changeId }, lifeMs);
    await inTransaction(this.main, async (manager) => {
      await manager.query(ASK, [userId, changeId, email, leftEmail, token, lifeMs * 1_000]);
      const [row] = await manager.query<{ asked: number }[]>(COUNT, [userId]);
      if (row!.asked > MOST_IN_A_DAY) throw new TooManyEmailChangesError(MOST_IN_A_DAY);
      await this.outbox.add(
        manager,
        {
          queue: accountEmailQueue.name,
          messageId: `email-link:${changeId}`,
          payload: { mail: 'confirm-email', userId, changeId },
        },
        {
          queue: accountEmailQueue.name,
          messageId: `email-notice:${changeId}`,
          payload: { mail: 'email-notice', changeId, to: leftEmail, wanted: email },
        },
      );
    });
  }

  /** @throws EmailLinkInvalidError */
  opened(token: string): ChangeOfEmail {
    return this.tokens.open(token);
  }

  /** The link is good no more. @param changeId default: of whatever the user has asked for */
  async end(userId: string, changeId?: string): Promise<void> {
    await (changeId === undefined
      ? this.main.query(END, [userId])
      : this.main.query(END_THIS, [userId, changeId]));
  }
}
