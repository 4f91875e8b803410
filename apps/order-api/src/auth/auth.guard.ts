import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ForbiddenError, TokenMissingError } from '@fourfold/auth';
import { arrivedOnManagementPort } from '@fourfold/observability';
import type { FastifyRequest } from 'fastify';
import { callerOf } from './caller.js';

const OPERATOR_ONLY = Symbol('OPERATOR_ONLY');

export const OperatorOnly = () => SetMetadata(OPERATOR_ONLY, true);

/**
 * Covers every public route: one that forgets to ask for a token can't exist. Who is asking, `authenticate` has found out
 * before the body was read.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (arrivedOnManagementPort(request.raw)) return true;
    const caller = callerOf(context);
    if (caller === undefined) throw new TokenMissingError();
    const operatorOnly = this.reflector.getAllAndOverride<boolean | undefined>(OPERATOR_ONLY, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (operatorOnly && caller.role !== 'operator') throw new ForbiddenError();
    return true;
  }
}
