import { Controller, Get, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Caller } from '@fourfold/auth';
import {
  CancelOrder,
  type EncodedOrder,
  InsufficientStockError,
  OrderNotCancellableError,
  OrderNotFoundError,
  OrderReader,
  OrderTooLargeError,
  PlaceOrder,
  type PlaceOrderInput,
  placeOrderSchema,
} from '@shop/orders';
import { ReadYourWrites } from '@fourfold/db-routing';
import {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  ProductNotFoundError,
  UserNotFoundError,
} from '@shop/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CustomersToo } from '../auth/access.js';
import { callerKey, CurrentCaller, mayActFor } from '../auth/caller.js';
import { Conditional, PRIVATE, sendConditional } from '../http/conditional.js';
import { etagOf } from '../http/etag.js';
import { IdempotencyKey, keyFrom } from '../http/idempotency-key.js';
import { IdParam, ValidBody } from '../http/zod.pipe.js';
import { OrderQuotaError } from '../rates/rate.errors.js';
import { Answers } from '../openapi/answers.js';
import { IdempotencyKeyMissingError } from '../http/http.errors.js';
import { Operation } from '../routes/operation.js';

/** Under which keys of orders are remembered. */
export const PLACE_ORDER = 'POST /v1/orders';

@Controller('v1/orders')
export class OrdersController {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly cancelOrder: CancelOrder,
    private readonly orders: OrderReader,
    private readonly readYourWrites: ReadYourWrites,
  ) {}

  @Post()
  @CustomersToo()
  @IdempotencyKey()
  @Answers(201, 'order', 'Location', 'Idempotency-Replayed')
  @Operation(
    'Places an order',
    UserNotFoundError,
    ProductNotFoundError,
    InsufficientStockError,
    OrderTooLargeError,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    IdempotencyInProgressError,
    OrderQuotaError,
  )
  async place(
    @CurrentCaller() caller: Caller,
    @Headers('idempotency-key') givenKey: string | undefined,
    @ValidBody(placeOrderSchema) body: PlaceOrderInput,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const key = keyFrom(givenKey);
    if (!mayActFor(caller, body.userId)) throw new UserNotFoundError(body.userId);
    const placed = await this.placeOrder.execute({
      caller: callerKey(caller),
      route: PLACE_ORDER,
      key,
      body,
    });
    if (placed.replayed) {
      reply.header('Idempotency-Replayed', 'true');
      await this.readYourWrites.coverEarlierWrites();
    }
    await reply
      .code(201)
      .header('Location', `/v1/orders/${placed.orderId}`)
      .type('application/json; charset=utf-8')
      .send(placed.responseBody);
  }

  @Get(':id')
  @CustomersToo()
  @Conditional()
  @Answers(200, 'order', 'Warning')
  @Operation('An order', OrderNotFoundError)
  async get(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { body, version } = await this.own(caller, id);
    sendConditional(request, reply, { body, etag: etagOf(version) });
  }

  @Post(':id/cancel')
  @CustomersToo()
  @HttpCode(200)
  @Answers(200, 'order', 'ETag', 'Cache-Control')
  @Operation('Cancels an order', OrderNotFoundError, OrderNotCancellableError)
  async cancel(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (!mayActFor(caller, await this.orders.ownerOf(id))) throw new OrderNotFoundError(id);
    await this.cancelOrder.execute(id);
    await this.readYourWrites.coverEarlierWrites();
    const { body, version } = await this.orders.get(id);
    reply
      .header('cache-control', PRIVATE)
      .header('etag', etagOf(version))
      .type('application/json; charset=utf-8');
    return body;
  }

  /** Another's order is answered like one that does not exist. */
  private async own(caller: Caller, id: string): Promise<EncodedOrder> {
    const order = await this.orders.get(id);
    if (!mayActFor(caller, order.userId)) throw new OrderNotFoundError(id);
    return order;
  }
}
