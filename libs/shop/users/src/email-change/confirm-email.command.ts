import { setTimeout as pause } from 'node:timers/promises';
import { type BackOff, equalJitterBackOff } from '@fourfold/kernel';
import { Injectable } from '@nestjs/common';
import { UserNotFoundError } from '@shop/contracts';
import { ChangeUser } from '../change-user.command.js';
import { UserReader } from '../user.reader.js';
import { EmailReservationLostError, EmailTakenError, UserChangedError } from '../users.errors.js';
import { EmailLinkInvalidError } from './email-change.errors.js';
import type { ChangeOfEmail } from './email-change.token.js';
import { EmailChanges } from './email-changes.js';

/** A user may change between the look and the change, or the link be used twice at once; so often in a row they don't. */
const ATTEMPTS = 6;
/** Two uses of one link end each other's saga: tried anew at once, both could lose each time. */
const BACK_OFF: BackOff = { baseMs: 20, capMs: 500 };

/** Gives a user the address that its link was sent to. Of several users with links for one address, the first gets it. */
@Injectable()
export class ConfirmEmail {
  constructor(
    private readonly changes: EmailChanges,
    private readonly users: UserReader,
    private readonly changeUser: ChangeUser,
  ) {}

  /** @throws EmailLinkInvalidError, EmailReservationLostError */
  async execute(token: string): Promise<void> {
    const change = this.changes.opened(token);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.confirm(change);
        break;
      } catch (error) {
        if (!isPassing(error) || attempt === ATTEMPTS) {
          throw isRefusal(error) ? new EmailLinkInvalidError(error) : error;
        }
        await pause(equalJitterBackOff(attempt, BACK_OFF));
      }
    }
    await this.changes.end(change.userId, change.changeId);
  }

  private async confirm({ userId, changeId }: ChangeOfEmail): Promise<void> {
    const change = await this.changes.find(userId, changeId);
    if (!change) throw new EmailLinkInvalidError();
    const { email, version } = await this.users.load(userId);
    if (email !== change.leftEmail) throw new EmailLinkInvalidError();
    await this.changeUser.execute(userId, { email: change.email }, version);
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof UserChangedError || error instanceof EmailReservationLostError;

function isRefusal(error: unknown): boolean {
  return [EmailTakenError, UserChangedError, UserNotFoundError].some((kind) => error instanceof kind);
}
