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

const REMEMBER = `
  INSERT INTO idempotency_keys (caller, route, idempotency_key, request_hash, order_id, response_body)
  VALUES (?, ?, ?, ?, ?, ?)
`;

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
   * Inside the transaction of what is answered. Waits while another request with the same key is in its transaction.
   * @throws the driver's duplicate-key error when the key has an answer, its lock-wait error when the other takes long
   */
  async remember(
    manager: EntityManager,
    request: IdempotentRequest,
    answer: { orderId: string; responseBody: string },
  ): Promise<void> {
    const { caller, route, key, body } = request;
    await manager.query(REMEMBER, [caller, route, key, hashOf(body), answer.orderId, answer.responseBody]);
  }
}

/** Of the meaning, not the bytes: white space and the order of keys don't make another request. */
function hashOf(body: object): Buffer {
  return createHash('sha256').update(canonicalJson(body)).digest();
}
