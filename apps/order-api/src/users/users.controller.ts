import { Controller, Get, Headers, Patch, Post, Res } from '@nestjs/common';
import type { Caller } from '@fourfold/auth';
import { type Page, pageQuery, UserNotFoundError, type UserView } from '@shop/contracts';
import { bodyOf, OrderReader } from '@shop/orders';
import {
  ChangeUser,
  type ChangeUserInput,
  changeUserSchema,
  type ListUsers,
  listUsersSchema,
  RegisterUser,
  type RegisterUserInput,
  registerUserSchema,
  UserReader,
} from '@shop/users';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CustomersToo, OperatorOnly } from '../auth/access.js';
import { CurrentCaller, mayActFor } from '../auth/caller.js';
import { etagOf, versionFrom } from '../http/etag.js';
import { IdParam, ValidBody, ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';

const pageSchema = z.strictObject(pageQuery);

@ApiTags('users')
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly registerUser: RegisterUser,
    private readonly changeUser: ChangeUser,
    private readonly users: UserReader,
    private readonly orders: OrderReader,
  ) {}

  @Post()
  @OperatorOnly()
  @Answers(201, 'user')
  async register(
    @ValidBody(registerUserSchema) input: RegisterUserInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const user = await this.registerUser.execute(input);
    reply.header('Location', `/v1/users/${user.id}`);
    return show(user, reply);
  }

  @Get()
  @OperatorOnly()
  @Answers(200, 'users')
  async search(@ValidQuery(listUsersSchema) query: ListUsers): Promise<object> {
    const page = await this.users.search(query);
    return { ...page, items: page.items.map(bodyWithoutVersion) };
  }

  @Get(':id')
  @CustomersToo()
  @Answers(200, 'user')
  async get(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    assertOwn(caller, id);
    return show(await this.users.get(id), reply);
  }

  @Patch(':id')
  @CustomersToo()
  @ApiHeader({ name: 'If-Match', required: true, description: 'The ETag that was read, or *' })
  @Answers(200, 'user')
  async change(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @ValidBody(changeUserSchema) change: ChangeUserInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    assertOwn(caller, id);
    return show(await this.changeUser.execute(id, change, versionFrom(ifMatch)), reply);
  }

  @Get(':id/orders')
  @CustomersToo()
  @Answers(200, 'orders')
  async ordersOf(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @ValidQuery(pageSchema) page: z.output<typeof pageSchema>,
  ): Promise<Page<object>> {
    assertOwn(caller, id);
    await this.users.get(id);
    const { items, nextCursor } = await this.orders.listOf(id, page);
    return { items: items.map(bodyOf), nextCursor };
  }
}

/** Another's data is answered like data that does not exist. */
function assertOwn(caller: Caller, userId: string): void {
  if (!mayActFor(caller, userId)) throw new UserNotFoundError(userId);
}

function show(user: UserView, reply: FastifyReply): object {
  // A browser may keep it for its user, and asks whether it is still the same.
  reply.header('Cache-Control', 'private, no-cache').header('ETag', etagOf(user.version));
  return bodyWithoutVersion(user);
}

function bodyWithoutVersion({ version: _version, ...body }: UserView): object {
  return body;
}
