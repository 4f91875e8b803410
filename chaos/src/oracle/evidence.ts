/** What the clients know: the other half of every comparison. */
export interface Told {
  /** Units of each product before the first order, by product id. */
  stockAtStart: ReadonlyMap<string, number>;
  /** Every 201, once per key. */
  accepted: readonly AcceptedOrder[];
}

export interface AcceptedOrder {
  /** The Idempotency-Key. */
  key: string;
  orderId: string;
  userId: string;
}

export type OrderStatus = 'pending' | 'confirmed' | 'rejected' | 'cancelled';

/** What is really there, as it was read. Ids are decimal strings. */
export interface Evidence {
  orders: { id: string; userId: string; status: OrderStatus }[];
  /** Units in confirmed orders, by product id. */
  unitsConfirmed: Map<string, number>;
  /** Units on the shelf, by product id. */
  stock: Map<string, number>;
  /** The order under each Idempotency-Key: more than one if several callers used the same. */
  keys: { key: string; orderId: string }[];
  /** Shards on which a user has a row, by user id. */
  shardsOfUser: Map<string, string[]>;
  indexRows: { shard: string; userId: string; orderId: string }[];
  emails: { messageId: string; orderId: string; state: string }[];
  /** The analytics log. */
  events: { orderId: string; event: string }[];
  /** Every mail that the catcher has whose subject names an order. */
  mails: { orderId: string; subject: string }[];
  /** Messages that are not done. */
  openMessages: { messageId: string; queue: string; state: string }[];
  openDeadLetters: { messageId: string; queue: string; reason: string }[];
  /** Jobs that wait, run, are delayed or have failed. */
  jobs: { queue: string; state: string; jobId: string }[];
}
