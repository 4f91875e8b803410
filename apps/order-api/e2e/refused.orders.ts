import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CallOptions, type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { expect } from 'vitest';

/** Every row that an order could leave. */
const TABLES = ['orders', 'order_items', 'idempotency_keys', 'outbox'];

/** Calls that order-api must refuse without a trace in the database, and what they are made of. */
export class RefusedOrders {
  private constructor(
    readonly platform: Platform,
    readonly userId: string,
    readonly productId: string,
    private readonly rowsBefore: readonly number[],
  ) {}

  static async open(): Promise<RefusedOrders> {
    const platform = await sharedPlatform();
    const [userId, productId] = [await platform.shop.user(), await platform.shop.product(1_000)];
    return new RefusedOrders(platform, userId, productId, await rowsOf(platform));
  }

  orderOf(items: unknown, more: object = {}): object {
    return { userId: this.userId, items, shippingAddress: 'Here', ...more };
  }

  line(quantity: unknown): object {
    return this.orderOf([{ productId: this.productId, quantity }]);
  }

  async expectNoRow(): Promise<void> {
    expect(await rowsOf(this.platform)).toEqual(this.rowsBefore);
  }

  /** Expects a problem+json of this status and code, and no row. */
  async problemOf(options: CallOptions, status: number, code: string): Promise<Record<string, unknown>> {
    const answer = await this.platform.api.call('POST', '/orders', {
      ...options,
      headers: { 'idempotency-key': randomUUID(), ...options.headers },
    });
    expect(answer.status, answer.text).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status, code, requestId: answer.headers.get('x-request-id') });
    for (const field of ['title', 'detail', 'type']) expect(answer.body).toHaveProperty(field);
    await this.expectNoRow();
    return answer.body;
  }

  /** Over a plain socket, whose peer must not hang up before it has heard all of `request`. */
  async sendAllThenRead(request: string | Buffer): Promise<string> {
    const { hostname, port } = new URL(this.platform.api.baseUrl);
    const socket = connect(Number(port), hostname);
    socket.pause();
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.write(request, (error) => (error ? reject(error) : resolve()));
    });
    return text(socket);
  }

  /** An order over a plain socket. @param headers each takes the place of the usual one of its name */
  async sendOrder(headers: readonly string[], body: Buffer): Promise<string> {
    const usual = [
      'Host: x',
      'Connection: close',
      `Content-Length: ${body.length}`,
      `Authorization: Bearer ${await this.platform.operatorToken()}`,
      'Idempotency-Key: raw',
      'Content-Type: application/json',
    ];
    const nameOf = (header: string) => header.slice(0, header.indexOf(':'));
    const given = new Set(headers.map(nameOf));
    const kept = usual.filter((header) => !given.has(nameOf(header)));
    const head = ['POST /v1/orders HTTP/1.1', ...kept, ...headers].join('\r\n');
    return this.sendAllThenRead(Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]));
  }
}

async function rowsOf({ primary }: Platform): Promise<number[]> {
  return Promise.all(
    TABLES.map(async (table) => {
      const [rows] = await primary.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
      return Number(rows[0]!['n']);
    }),
  );
}
