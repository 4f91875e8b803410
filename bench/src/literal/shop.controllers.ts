import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Headers,
  NotFoundException,
  Param,
  Post,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { newOrder, OrdersService, type OrderView, productView } from './orders.service.js';
import { type Caller, CurrentCaller, mayActFor, TokenGuard } from './token.guard.js';

@Controller('v1/orders')
@UseGuards(TokenGuard)
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  async place(
    @CurrentCaller() caller: Caller,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderView> {
    if (!key || key.length > 255) throw new BadRequestException('Idempotency-Key is missing');
    const order = newOrder.safeParse(body);
    if (!order.success) throw new BadRequestException(order.error.issues);
    if (!mayActFor(caller, order.data.userId)) throw new NotFoundException();
    const placed = await this.orders.place(`${caller.role}:${caller.id}`, key, order.data);
    reply.header('Location', `/v1/orders/${placed.id}`);
    return placed;
  }

  @Get(':id')
  async get(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<OrderView> {
    const order = await this.orders.get(id);
    if (!mayActFor(caller, order.userId)) throw new NotFoundException();
    return order;
  }
}

@Controller('v1/products')
@UseGuards(TokenGuard)
export class ProductsController {
  constructor(private readonly orders: OrdersService) {}

  @Get(':id')
  async get(@Param('id') id: string): Promise<object> {
    return productView(await this.orders.product(id));
  }
}

@Controller('v1/users')
@UseGuards(TokenGuard)
export class UsersController {
  constructor(private readonly orders: OrdersService) {}

  @Get(':id/orders')
  async ordersOf(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<object> {
    if (!mayActFor(caller, id)) throw new NotFoundException();
    return this.orders.listOf(id);
  }
}
