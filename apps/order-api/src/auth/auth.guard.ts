import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { bearerToken, ForbiddenError, TokenMissingError, TokenVerifier } from '@fourfold/auth';
import { arrivedOnManagementPort } from '@fourfold/observability';
import type { FastifyRequest } from 'fastify';
import { rememberCaller } from './caller.js';

const OPERATOR_ONLY = Symbol('OPERATOR_ONLY');

export const OperatorOnly = () => SetMetadata(OPERATOR_ONLY, true);

/** Covers every public route: one that forgets to ask for a token can't exist. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly tokens: TokenVerifier,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (arrivedOnManagementPort(request.raw)) return true;
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw new TokenMissingError();
    const caller = await this.tokens.verify(token);
    const operatorOnly = this.reflector.getAllAndOverride<boolean | undefined>(OPERATOR_ONLY, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (operatorOnly && caller.role !== 'operator') throw new ForbiddenError();
    rememberCaller(request, caller);
    return true;
  }
}
