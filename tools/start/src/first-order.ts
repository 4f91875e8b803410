export interface FirstOrder {
  readonly baseUrl: string;
  readonly token: string;
  readonly userId: string;
  readonly productId: string;
  readonly idempotencyKey: string;
  /** Where the answer is kept, for the second command to find the order's id in. */
  readonly answerFile: string;
}

/** Two commands for a shell, ready to paste: one places an order, the other reads that same order. */
export function firstOrderCommands(order: FirstOrder): { place: string; read: string } {
  const body = JSON.stringify({
    userId: order.userId,
    items: [{ productId: order.productId, quantity: 2 }],
    shippingAddress: '12 Harbour Road, Bristol BS1 4RW',
  });
  const authorization = `-H ${quoted(`Authorization: Bearer ${order.token}`)}`;
  const id = `$(grep -o '"id":"[0-9]*' ${quoted(order.answerFile)} | tr -dc 0-9)`;
  return {
    place: [
      `curl -sS -i ${order.baseUrl}/v1/orders \\`,
      `  ${authorization} \\`,
      `  -H ${quoted(`Idempotency-Key: ${order.idempotencyKey}`)} \\`,
      `  -H 'Content-Type: application/json' \\`,
      `  -d ${quoted(body)} | tee ${quoted(order.answerFile)}; echo`,
    ].join('\n'),
    read: [`curl -sS "${order.baseUrl}/v1/orders/${id}" \\`, `  ${authorization}; echo`].join('\n'),
  };
}

/** In single quotes nothing means anything to a shell but the quote itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
