import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { canonicalJson } from '@fourfold/kernel';
import type { EntityManager } from 'typeorm';

/** Who asked for what under which key; the answer is remembered for exactly this. */
export interface IdempotentRequest {
  /** Role and subject of the token. */
  caller: string;
  route: string;
  key: string;
  body: object;
}

export interface RememberedAnswer {
  orderId: string;
  /** The bytes of the first answer. */
  responseBody: string;
  /** Whether the first request had the same body. */
  sameRequest: boolean;
}

/** Primary key. */
const FIND = `
  SELECT request_hash, order_id, response_body FROM idempotency_keys
  WHERE caller = ? AND route = ? AND idempotency_key = ?
`;

/** IGNORE is for keys that are there already: they stay as they are. Nothing else can be wrong with a row. */
const REMEMBER = `
  INSERT IGNORE INTO idempotency_keys (caller, route, idempotency_key, request_hash, order_id, response_body)
  VALUES ?
`;

/** Primary key, a condition for each. */
const FIND_ORDERS = 'SELECT order_id FROM idempotency_keys WHERE ';
const THIS_KEY = '(caller = ? AND route = ? AND idempotency_key = ?)';

/** A request, and the answer that it is to be remembered with. */
export interface AnsweredRequest {
  request: IdempotentRequest;
  orderId: string;
  responseBody: string;
}

@Injectable()
export class IdempotencyStore {
  async find(manager: EntityManager, request: IdempotentRequest): Promise<RememberedAnswer | null> {
    const [row] = await manager.query<{ request_hash: Buffer; order_id: string; response_body: string }[]>(
      FIND,
      [request.caller, request.route, request.key],
    );
    if (!row) return null;
    return {
      orderId: String(row.order_id),
      responseBody: row.response_body,
      sameRequest: row.request_hash.equals(hashOf(request.body)),
    };
  }

  /**
   * Inside the transaction of what is answered, before anything else. Waits while another request with one of the keys
   * is in its transaction.
   * @returns the orders whose keys had no other order yet
   * @throws the driver's lock-wait error when that other one takes long
   */
  async remember(manager: EntityManager, answered: readonly AnsweredRequest[]): Promise<ReadonlySet<string>> {
    // In the order of the primary key: two transactions that have keys in common must not wait for each other.
    const rows = answered.map(rowOf).sort((a, b) => (a.text < b.text ? -1 : 1));
    const { affectedRows } = await manager.query<{ affectedRows: number }>(REMEMBER, [
      rows.map(({ values }) => values),
    ]);
    const own = new Set(answered.map(({ orderId }) => orderId));
    if (Number(affectedRows) === answered.length) return own;
    const sql = FIND_ORDERS + answered.map(() => THIS_KEY).join(' OR ');
    const keys = answered.flatMap(({ request: { caller, route, key } }) => [caller, route, key]);
    const found = await manager.query<{ order_id: string }[]>(sql, keys);
    return new Set(found.map((row) => String(row.order_id)).filter((orderId) => own.has(orderId)));
  }
}

function rowOf({ request: { caller, route, key, body }, orderId, responseBody }: AnsweredRequest) {
  return {
    text: keyTextOf({ caller, route, key }),
    values: [caller, route, key, hashOf(body), orderId, responseBody],
  };
}

/** Sorts as the primary key does; caller and route have no control characters. */
export function keyTextOf({
  caller,
  route,
  key,
}: Pick<IdempotentRequest, 'caller' | 'route' | 'key'>): string {
  return `${caller}\0${route}\0${key}`;
}

/** Of the meaning, not the bytes: white space and the order of keys don't make another request. */
function hashOf(body: object): Buffer {
  return createHash('sha256').update(canonicalJson(body)).digest();
}
