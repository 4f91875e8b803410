/** Who is asking, as the token says. */
export interface Caller {
  /** The token's subject; for a customer the user id. */
  id: string;
  role: 'customer' | 'operator';
}
