import { Injectable } from '@nestjs/common';
import { isDuplicateKey } from '@fourfold/db-routing';
import { ShardRouter } from '@fourfold/sharding';
import { UserEmailEntity } from './user-email.entity.js';
import { UserEntity } from './user.entity.js';
import { EmailTakenError } from './users.errors.js';

/** Longer than any sign-up takes; after it, an abandoned reservation may be taken over. */
const RESERVATION_SECONDS = 30;

const RESERVE = `
  INSERT INTO user_emails (email, user_id, state, reserved_until)
  VALUES (?, ?, 'reserved', NOW(3) + INTERVAL ${RESERVATION_SECONDS} SECOND)
`;

/** Only from the holder that was looked at, and not while its reservation runs. */
const TAKE_OVER = `
  UPDATE user_emails
  SET user_id = ?, state = 'reserved', reserved_until = NOW(3) + INTERVAL ${RESERVATION_SECONDS} SECOND
  WHERE email = ? AND user_id = ? AND (state = 'confirmed' OR reserved_until < NOW(3))
`;

const CONFIRM = `
  UPDATE user_emails SET state = 'confirmed' WHERE email = ? AND user_id = ?
`;

const RELEASE = `
  DELETE FROM user_emails WHERE email = ? AND user_id = ?
`;

/**
 * The saga step that makes an address unique across shards: reserve it on its own shard, create the user on hers, then
 * confirm. Whoever dies in between leaves a reservation that runs out, and the next who asks may take it over.
 */
@Injectable()
export class EmailReservations {
  constructor(private readonly shards: ShardRouter) {}

  /** @throws EmailTakenError */
  async reserve(email: string, userId: string): Promise<void> {
    try {
      await this.shards.write(email, (manager) => manager.query(RESERVE, [email, userId]));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      await this.takeOver(email, userId);
    }
  }

  /** @returns false when the reservation ran out and somebody else has the address now */
  async confirm(email: string, userId: string): Promise<boolean> {
    return (await this.change(email, CONFIRM, [email, userId])) === 1;
  }

  /** Undoes a reservation, or frees an address that its user has given up. */
  async release(email: string, userId: string): Promise<void> {
    await this.change(email, RELEASE, [email, userId]);
  }

  /** Whose address it is, reserved or confirmed. */
  async holderOf(email: string): Promise<UserEmailEntity | null> {
    return this.shards.read(email, (manager) => manager.findOneBy(UserEmailEntity, { email }));
  }

  private async takeOver(email: string, userId: string): Promise<void> {
    const held = await this.holderOf(email);
    if (!held) throw new EmailTakenError(); // released this instant; the caller may simply try again
    if (await this.userHas(held.userId, email)) {
      // Perhaps that sign-up died between its last two steps: finish it.
      if (held.state === 'reserved') await this.confirm(email, held.userId);
      throw new EmailTakenError();
    }
    // Held by nobody who has it: an abandoned sign-up, or a change of address that was cut short.
    if ((await this.change(email, TAKE_OVER, [userId, email, held.userId])) !== 1)
      throw new EmailTakenError();
  }

  private async userHas(userId: string, email: string): Promise<boolean> {
    return this.shards.read(userId, (manager) => manager.existsBy(UserEntity, { id: userId, email }));
  }

  private async change(email: string, sql: string, parameters: unknown[]): Promise<number> {
    const { affectedRows } = await this.shards.write(email, (manager) =>
      manager.query<{ affectedRows: number }>(sql, parameters),
    );
    return affectedRows;
  }
}
