import { Injectable, Logger } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { ShardRouter } from '@fourfold/sharding';
import type { UserView } from '@shop/contracts';
import { EmailReservations, type HeldEmail } from './email.reservations.js';
import { UserEntity } from './user.entity.js';
import { UserReader, viewOf } from './user.reader.js';
import { UserChangedError } from './users.errors.js';
import type { ChangeUserInput } from './users.schemas.js';

@Injectable()
export class ChangeUser {
  private readonly logger = new Logger(ChangeUser.name);
  private readonly rows = this.shards.repository(UserEntity, 'id');

  constructor(
    private readonly shards: ShardRouter,
    private readonly emails: EmailReservations,
    private readonly users: UserReader,
    private readonly cache: MultiLevelCache,
  ) {}

  /**
   * Changes what `change` names, if the user is still at `version` (`undefined`: at any).
   * @throws UserNotFoundError, UserChangedError, EmailTakenError
   */
  async execute(id: string, change: ChangeUserInput, version: number | undefined): Promise<UserView> {
    const before = await this.users.load(id);
    if (version !== undefined && version !== before.version) throw new UserChangedError(id);
    const { email } = change;
    if (email === undefined || email === before.email) {
      return viewOf(await this.write(before, change, version));
    }
    // Looked at now, so that what is freed at the end is this holding and not one that begins meanwhile.
    const old = await this.emails.holderOf(before.email);
    const reserved = await this.emails.reserve(email, id);
    let after: UserEntity;
    try {
      after = await this.write(before, change, version);
    } catch (error) {
      await this.emails.releaseUnlessWritten(reserved, error);
      throw error;
    }
    await this.moveAddress(old?.userId === id ? old : null, reserved);
    return viewOf(after);
  }

  /** Also after a failure: a shard whose answer was lost may have written all the same. */
  private async write(
    before: UserEntity,
    change: ChangeUserInput,
    version: number | undefined,
  ): Promise<UserEntity> {
    try {
      return await this.writeRow(before, change, version);
    } finally {
      await this.cache.invalidate('user', before.id);
    }
  }

  /** With any version allowed, only a change of the address in between is one too many. */
  private writeRow(
    before: UserEntity,
    change: ChangeUserInput,
    version: number | undefined,
  ): Promise<UserEntity> {
    const { id } = before;
    return this.rows.forKey(id).write(async (own) => {
      const current = await own.lockOne();
      const expected = current && current.version === (version ?? current.version);
      if (!expected || current.email !== before.email) throw new UserChangedError(id);
      const { name = current.name, email = current.email } = change;
      const after = { ...current, name, email, version: current.version + 1 };
      await own.update({}, { name, email, version: after.version });
      return after;
    });
  }

  /** The user has the new address already: what fails here is made good when somebody asks for either address. */
  private async moveAddress(from: HeldEmail | null, to: HeldEmail): Promise<void> {
    const { userId } = to;
    try {
      if (!(await this.emails.confirm(to.email, userId))) {
        this.logger.error(
          { userId },
          'A reservation ran out before its user had the address: it has two users now',
        );
      }
      if (from) await this.emails.release(from);
    } catch (error) {
      this.logger.warn({ err: error, userId }, 'An address change was left unfinished');
    }
  }
}
