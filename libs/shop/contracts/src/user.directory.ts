export interface UserView {
  id: string;
  name: string;
  email: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Counts changes from 1; the ETag. */
  version: number;
}

/** An address that a customer has asked for and not confirmed. */
export interface EmailChange {
  readonly email: string;
  /** The address that the user had. */
  readonly leftEmail: string;
  /** What the link carries. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** How the sender of a link finds what it is about. Implemented by `users`. */
export abstract class EmailChangeDirectory {
  /** Null where it was confirmed, has expired, or another one came after it. */
  abstract find(userId: string, changeId: string): Promise<EmailChange | null>;
}

/** How other parts of the shop look a user up. Implemented by `users`. */
export abstract class UserDirectory {
  abstract find(id: string): Promise<UserView | null>;
}
