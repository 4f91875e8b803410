import { Controller, Get, Headers, Patch, Post, Req, Res } from '@nestjs/common';
import type { Caller } from '@fourfold/auth';
import { entityTag } from '@fourfold/cache';
import { PageCursors } from '@fourfold/kernel';
import { pageQuery, UserNotFoundError, type UserView } from '@shop/contracts';
import { OrderReader } from '@shop/orders';
import {
  ChangeOwnUser,
  ChangeUser,
  type ChangeUserInput,
  changeUserSchema,
  EmailReservationLostError,
  EmailTakenError,
  type ListUsers,
  listUsersSchema,
  RegisterUser,
  type RegisterUserInput,
  registerUserSchema,
  TooManyEmailChangesError,
  UserChangedError,
  UserReader,
} from '@shop/users';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CustomersToo, OperatorOnly } from '../auth/access.js';
import { callerKey, CurrentCaller, mayActFor } from '../auth/caller.js';
import { Conditional, encoded, PRIVATE, sendConditional } from '../http/conditional.js';
import { etagOf, versionFrom } from '../http/etag.js';
import { IdParam, ValidBody, ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { IfMatchMissingError } from '../http/http.errors.js';
import { HeaderParameter, Operation } from '../routes/operation.js';

const pageSchema = z.strictObject(pageQuery);

@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly registerUser: RegisterUser,
    private readonly changeUser: ChangeUser,
    private readonly changeOwnUser: ChangeOwnUser,
    private readonly users: UserReader,
    private readonly orders: OrderReader,
    private readonly cursors: PageCursors,
  ) {}

  @Post()
  @OperatorOnly()
  @Answers(201, 'user', 'Location', 'ETag', 'Cache-Control')
  @Operation('Registers a user', EmailTakenError, EmailReservationLostError)
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
  @Conditional()
  @Answers(200, 'users')
  @Operation('Users by e-mail address, or by the beginning of their name')
  async search(
    @CurrentCaller() caller: Caller,
    @ValidQuery(listUsersSchema) query: ListUsers,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // The shards' cursor says which search it is of; ours, whose.
    const page = await this.cursors.readPage(`users of ${callerKey(caller)}`, query.cursor, (cursor) =>
      this.users.search({ ...query, cursor }),
    );
    sendConditional(request, reply, encoded({ ...page, items: page.items.map(bodyWithoutVersion) }));
  }

  @Get(':id')
  @CustomersToo()
  @Conditional()
  @Answers(200, 'user', 'Warning')
  @Operation('A user', UserNotFoundError)
  async get(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    assertOwn(caller, id);
    const user = await this.users.get(id);
    const body = JSON.stringify(bodyWithoutVersion(user));
    sendConditional(request, reply, { body, etag: etagOf(user.version) });
  }

  @Patch(':id')
  @CustomersToo()
  @HeaderParameter({
    name: 'If-Match',
    required: true,
    description: 'The ETag that was read, or *',
    schema: z.string(),
  })
  @Answers(200, 'user', 'ETag', 'Cache-Control')
  @Operation(
    'Changes a user’s name or e-mail address',
    UserNotFoundError,
    UserChangedError,
    IfMatchMissingError,
    EmailTakenError,
    EmailReservationLostError,
    TooManyEmailChangesError,
  )
  async change(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @ValidBody(changeUserSchema) change: ChangeUserInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    assertOwn(caller, id);
    const changing = caller.role === 'operator' ? this.changeUser : this.changeOwnUser;
    return show(await changing.execute(id, change, versionFrom(ifMatch)), reply);
  }

  @Get(':id/orders')
  @CustomersToo()
  @Conditional()
  @Answers(200, 'orders', 'Warning')
  @Operation('A user’s orders, newest first', UserNotFoundError)
  async ordersOf(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @ValidQuery(pageSchema) page: z.output<typeof pageSchema>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    assertOwn(caller, id);
    await this.users.get(id);
    const { body, state } = await this.orders.listOf(id, page);
    sendConditional(request, reply, { body, etag: entityTag(state) });
  }
}

/** Another's data is answered like data that does not exist. */
function assertOwn(caller: Caller, userId: string): void {
  if (!mayActFor(caller, userId)) throw new UserNotFoundError(userId);
}

function show(user: UserView, reply: FastifyReply): object {
  // A browser may keep it for its user, and asks whether it is still the same.
  reply.header('Cache-Control', PRIVATE).header('ETag', etagOf(user.version));
  return bodyWithoutVersion(user);
}

function bodyWithoutVersion({ version: _version, ...body }: UserView): object {
  return body;
}
