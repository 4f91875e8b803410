import { Injectable, Logger } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { ShardRouter, SnowflakeIds } from '@fourfold/sharding';
import type { UserView } from '@shop/contracts';
import { EmailReservations } from './email.reservations.js';
import { EmailSagaFence } from './email-saga.fence.js';
import type { EmailSaga } from './email.saga.js';
import { OwedInvalidations } from './owed-invalidations.js';
import { userCache } from './user.cache.js';
import { UserEntity } from './user.entity.js';
import { UserReader, viewOf } from './user.reader.js';
import { UserChangedError } from './users.errors.js';
import type { ChangeUserInput } from './users.schemas.js';

@Injectable()
export class ChangeUser {
  private readonly logger = new Logger(ChangeUser.name);
  private readonly cached = this.cache.namespace(userCache);

  constructor(
    private readonly shards: ShardRouter,
    private readonly ids: SnowflakeIds,
    private readonly emails: EmailReservations,
    private readonly fence: EmailSagaFence,
    private readonly users: UserReader,
    private readonly cache: MultiLevelCache,
    private readonly owed: OwedInvalidations,
  ) {}

  /**
   * Changes what `change` names, if the user is still at `version` (`undefined`: at any).
   * @throws UserNotFoundError, UserChangedError, EmailTakenError, EmailReservationLostError
   */
  async execute(id: string, change: ChangeUserInput, version: number | undefined): Promise<UserView> {
    const before = await this.users.load(id);
    if (version !== undefined && version !== before.version) throw new UserChangedError(id);
    const { email } = change;
    if (email === undefined || email === before.email) {
      return viewOf(await this.write(before, change, version));
    }
    return viewOf(await this.changeEmail(before, { ...change, email }, version));
  }

  /** An {@link EmailSaga}. */
  private async changeEmail(
    before: UserEntity,
    change: ChangeUserInput & { email: string },
    version: number | undefined,
  ): Promise<UserEntity> {
    const saga: EmailSaga = { id: await this.ids.waitForId(), userId: before.id };
    await this.emails.reserve(change.email, saga);
    let after: UserEntity;
    try {
      await this.emails.leave(before.email, saga);
      after = await this.write(before, change, version, saga);
    } catch (error) {
      await this.emails.makeGood(saga, error, change.email, before.email);
      throw error;
    }
    await this.finish(saga, before.email, after.email);
    return after;
  }

  /** Also after a failure: a shard whose answer was lost may have written all the same. */
  private async write(
    before: UserEntity,
    change: ChangeUserInput,
    version: number | undefined,
    saga?: EmailSaga,
  ): Promise<UserEntity> {
    try {
      return await this.writeRow(before, change, version, saga);
    } finally {
      await this.cached.invalidate(before.id);
    }
  }

  /** With any version allowed, one change in between is too many: of the address, where this one names an address. */
  private writeRow(
    before: UserEntity,
    change: ChangeUserInput,
    version: number | undefined,
    saga: EmailSaga | undefined,
  ): Promise<UserEntity> {
    const { id } = before;
    return this.shards.write(id, async (manager) => {
      const current = await manager.findOne(UserEntity, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      const expected = current && current.version === (version ?? current.version);
      if (!expected || (change.email !== undefined && current.email !== before.email))
        throw new UserChangedError(id);
      const { name = current.name, email = current.email } = change;
      const after = { ...current, name, email, version: current.version + 1 };
      await manager.update(UserEntity, { id }, { name, email, version: after.version });
      await this.owed.add(manager, { userId: id, version: after.version });
      if (saga) await this.fence.pass(manager, saga);
      return after;
    });
  }

  /** The user has the new address already: what fails here is made good by the sweep. */
  private async finish(saga: EmailSaga, from: string, to: string): Promise<void> {
    try {
      await this.emails.confirm(to, saga);
      await this.emails.release(from, saga);
    } catch (error) {
      this.logger.warn({ err: error, userId: saga.userId }, 'A change of address was left unfinished');
    }
  }
}
