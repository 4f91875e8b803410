import { Controller, Get, Headers, HttpCode, Post, Res } from '@nestjs/common';
import type { Caller } from '@fourfold/auth';
import {
  bodyOf,
  CancelOrder,
  idempotencyKeySchema,
  OrderNotFoundError,
  OrderReader,
  type OrderView,
  PlaceOrder,
  type PlaceOrderInput,
  placeOrderSchema,
} from '@shop/orders';
import { ReadYourWrites } from '@fourfold/db-routing';
import { UserNotFoundError } from '@shop/contracts';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CustomersToo } from '../auth/access.js';
import { callerKey, CurrentCaller, mayActFor } from '../auth/caller.js';
import { etagOf } from '../http/etag.js';
import { IdempotencyKeyMissingError, ValidationError } from '../http/http.errors.js';
import { IdParam, ValidBody } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';

const PLACE_ORDER = 'POST /v1/orders';

@ApiTags('orders')
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
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: '1 to 255 characters, new for each order',
  })
  @Answers(201, 'order')
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
  @Answers(200, 'order')
  async get(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    return show(await this.own(caller, id), reply);
  }

  @Post(':id/cancel')
  @CustomersToo()
  @HttpCode(200)
  @Answers(200, 'order')
  async cancel(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    if (!mayActFor(caller, await this.orders.ownerOf(id))) throw new OrderNotFoundError(id);
    await this.cancelOrder.execute(id);
    await this.readYourWrites.coverEarlierWrites();
    return show(await this.orders.get(id), reply);
  }

  /** Another's order is answered like one that does not exist. */
  private async own(caller: Caller, id: string): Promise<OrderView> {
    const order = await this.orders.get(id);
    if (!mayActFor(caller, order.userId)) throw new OrderNotFoundError(id);
    return order;
  }
}

function show(order: OrderView, reply: FastifyReply): object {
  // A browser may keep it for its user, and asks whether it is still the same.
  reply.header('Cache-Control', 'private, no-cache').header('ETag', etagOf(order.version));
  return bodyOf(order);
}

function keyFrom(header: string | undefined): string {
  if (header === undefined || header === '') throw new IdempotencyKeyMissingError();
  const key = idempotencyKeySchema.safeParse(header);
  if (key.success) return key.data;
  throw new ValidationError([
    { path: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' },
  ]);
}
