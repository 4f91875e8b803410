import type { Caller } from '@fourfold/auth';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ProductNotFoundError, UserNotFoundError } from '@shop/contracts';
import { type ListRecommendations, listRecommendationsSchema, Recommender } from '@shop/recommendations';
import { UserReader } from '@shop/users';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CustomersToo } from '../auth/access.js';
import { CurrentCaller, mayActFor } from '../auth/caller.js';
import { Conditional, encoded, PRIVATE, sendConditional, SHARED } from '../http/conditional.js';
import { IdParam, ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { Operation } from '../routes/operation.js';

@Controller('v1')
export class RecommendationsController {
  constructor(
    private readonly recommender: Recommender,
    private readonly users: UserReader,
  ) {}

  @Get('users/:id/recommendations')
  @CustomersToo()
  @Conditional()
  @Answers(200, 'products', 'Warning')
  @Operation('Products that go with what a user has bought', UserNotFoundError)
  async forUser(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @ValidQuery(listRecommendationsSchema) { limit }: ListRecommendations,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (!mayActFor(caller, id)) throw new UserNotFoundError(id);
    await this.users.get(id);
    sendConditional(request, reply, encoded(await this.recommender.forUser(id, limit)), PRIVATE);
  }

  @Get('products/:id/recommendations')
  @CustomersToo()
  @Conditional()
  @Answers(200, 'products', 'Warning')
  @Operation('Products that were bought together with one', ProductNotFoundError)
  async forProduct(
    @IdParam() id: string,
    @ValidQuery(listRecommendationsSchema) { limit }: ListRecommendations,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendConditional(request, reply, encoded(await this.recommender.forProduct(id, limit)), SHARED);
  }
}
