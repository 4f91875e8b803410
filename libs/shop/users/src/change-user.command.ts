import { Injectable, Logger } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { ShardRouter } from '@fourfold/sharding';
import type { UserView } from '@shop/contracts';
import { EmailReservations } from './email.reservations.js';
import { UserEntity } from './user.entity.js';
import { UserReader, viewOf } from './user.reader.js';
import { UserChangedError } from './users.errors.js';
import type { ChangeUserInput } from './users.schemas.js';

@Injectable()
export class ChangeUser {
  private readonly logger = new Logger(ChangeUser.name);

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
    const after: UserEntity = {
      ...before,
      name: change.name ?? before.name,
      email: change.email ?? before.email,
      version: before.version + 1,
    };
    const newAddress = after.email !== before.email;
    if (newAddress) await this.emails.reserve(after.email, id);
    try {
      await this.update(after, before.version);
    } catch (error) {
      if (newAddress) await this.emails.release(after.email, id).catch(() => undefined); // it runs out by itself
      throw error;
    }
    await this.cache.invalidate('user', id);
    if (newAddress) await this.moveAddress(id, before.email, after.email);
    return viewOf(after);
  }

  private async update(after: UserEntity, fromVersion: number): Promise<void> {
    const { id, name, email, version } = after;
    const { affected } = await this.shards.write(id, (manager) =>
      manager.update(UserEntity, { id, version: fromVersion }, { name, email, version }),
    );
    if (!affected) throw new UserChangedError(id);
  }

  /** The user has the new address already: what fails here is made good when somebody asks for either address. */
  private async moveAddress(id: string, from: string, to: string): Promise<void> {
    try {
      if (!(await this.emails.confirm(to, id))) {
        this.logger.error(
          { userId: id },
          'A reservation ran out before its user had the address: it has two users now',
        );
      }
      await this.emails.release(from, id);
    } catch (error) {
      this.logger.warn({ err: error, userId: id }, 'An address change was left unfinished');
    }
  }
}
