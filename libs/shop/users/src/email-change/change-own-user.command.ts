import { Injectable } from '@nestjs/common';
import type { UserView } from '@shop/contracts';
import { ChangeUser } from '../change-user.command.js';
import { UserReader, viewOf } from '../user.reader.js';
import { UserChangedError } from '../users.errors.js';
import type { ChangeUserInput } from '../users.schemas.js';
import { EmailChanges } from './email-changes.js';

/** What customers change of themselves: the name at once, the address when it is confirmed by a link that is sent there. */
@Injectable()
export class ChangeOwnUser {
  constructor(
    private readonly changeUser: ChangeUser,
    private readonly users: UserReader,
    private readonly changes: EmailChanges,
  ) {}

  /**
   * @returns the user as it is now: with the old address, and the same version where nothing but the address was asked for
   * @throws UserNotFoundError, UserChangedError, TooManyEmailChangesError
   */
  async execute(id: string, change: ChangeUserInput, version: number | undefined): Promise<UserView> {
    const { email, name } = change;
    if (email === undefined) return this.changeUser.execute(id, change, version);
    const user = await this.users.load(id);
    if (version !== undefined && version !== user.version) throw new UserChangedError(id);
    if (email === user.email) {
      // To ask for the address that is there is to take back what was asked for before.
      await this.changes.end(id);
      return this.changeUser.execute(id, change, version);
    }
    const view = name === undefined ? viewOf(user) : await this.changeUser.execute(id, { name }, version);
    await this.changes.ask(id, email, user.email);
    return view;
  }
}
