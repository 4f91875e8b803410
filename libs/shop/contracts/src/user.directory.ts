export interface UserView {
  id: string;
  name: string;
  email: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Counts changes from 1; the ETag. */
  version: number;
}

/** How other parts of the shop look a user up. Implemented by `users`. */
export abstract class UserDirectory {
  abstract find(id: string): Promise<UserView | null>;
}
