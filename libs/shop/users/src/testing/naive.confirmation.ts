import { isDuplicateKey } from '@fourfold/db-routing';
import type { ShardRouter } from '@fourfold/sharding';
import { UserEmailEntity } from '../user-email.entity.js';
import { UserEntity } from '../user.entity.js';
import { EmailTakenError } from '../users.errors.js';

/** The use of a link as it is often written: look whether the address is free, then give it to the user and note it. */
export class NaiveConfirmation {
  /** @param looked between the two */
  constructor(
    private readonly shards: ShardRouter,
    private readonly looked: () => Promise<void>,
  ) {}

  async execute(id: string, email: string): Promise<void> {
    const { shards } = this;
    if (await shards.read(email, (manager) => manager.existsBy(UserEmailEntity, { email })))
      throw new EmailTakenError();
    await this.looked();
    await shards.write(id, (manager) => manager.update(UserEntity, { id }, { email }));
    const row = { email, userId: id, sagaId: id, state: 'confirmed' as const, reservedUntil: new Date() };
    try {
      await shards.write(email, (manager) => manager.insert(UserEmailEntity, row));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}
