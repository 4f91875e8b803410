/** One request of a mix. */
export interface Call {
  /** The route it counts for, e.g. `GET /v1/orders/:id`. */
  readonly route: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A call, and when it is due: milliseconds after the start of the run. */
export interface DueCall {
  readonly atMs: number;
  readonly call: Call;
}

/** What a call ended with. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends one call. Rejects where no answer came. */
export type Send = (call: Call) => Promise<Answer>;

let orders = 0;

/** An order with an idempotency key that no other has. */
export function orderCall(
  run: string,
  userId: string,
  items: readonly { productId: string; quantity: number }[],
): Call {
  return {
    route: 'POST /v1/orders',
    method: 'POST',
    path: '/v1/orders',
    headers: { 'idempotency-key': `${run}-${(orders += 1)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userId, items, shippingAddress: '1 Load Street, Leeds' }),
  };
}

export const read = (route: string, path: string): Call => ({ route: `GET ${route}`, method: 'GET', path });
