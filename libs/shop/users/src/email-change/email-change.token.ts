import { type Clock, isSignedBy, signatureOf, systemClock } from '@fourfold/kernel';
import { EmailLinkInvalidError } from './email-change.errors.js';

export interface ChangeOfEmail {
  readonly userId: string;
  readonly changeId: string;
}

/** User, change, end in ms, and the signature of the three. */
const FORM = /^(\d{1,19})\.(\d{1,19})\.(\d{1,15})\.([\w-]{43})$/;

/** Content of no other signature that the same secrets make. */
const contentOf = ({ userId, changeId }: ChangeOfEmail, expires: string): string =>
  `e-mail address\0${userId}.${changeId}.${expires}`;

/** What a link to confirm an address carries. Whether it was used, the change itself says. */
export class EmailChangeTokens {
  /** @param secrets the first one signs, any of them verifies */
  constructor(
    private readonly secrets: readonly string[],
    private readonly clock: Clock = systemClock,
  ) {}

  make(change: ChangeOfEmail, lifeMs: number): string {
    const expires = String(this.clock.now() + lifeMs);
    const signature = signatureOf(contentOf(change, expires), this.secrets[0]!).toString('base64url');
    return `${change.userId}.${change.changeId}.${expires}.${signature}`;
  }

  /** @throws EmailLinkInvalidError */
  open(token: string): ChangeOfEmail {
    const [, userId = '', changeId = '', expires = '', signature = ''] = FORM.exec(token) ?? [];
    const change = { userId, changeId };
    const bytes = Buffer.from(signature, 'base64url');
    const genuine =
      bytes.toString('base64url') === signature &&
      isSignedBy(this.secrets, contentOf(change, expires), bytes);
    if (!genuine || Number(expires) <= this.clock.now()) throw new EmailLinkInvalidError();
    return change;
  }
}
