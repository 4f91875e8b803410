import type { Caller } from '@fourfold/auth';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

const callers = new WeakMap<FastifyRequest, Caller>();

export function rememberCaller(request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller);
}

/** Undefined on the management port, which asks for no token. */
export function callerOf(context: ExecutionContext): Caller | undefined {
  return callers.get(context.switchToHttp().getRequest<FastifyRequest>());
}

/** One text for each caller: what belongs to a caller is kept under it. */
export const callerKey = ({ role, id }: Caller): string => `${role}:${id}`;

export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const caller = callerOf(context);
  if (!caller) throw new Error('@CurrentCaller() on a route that asks for no token');
  return caller;
});

/** Customers see their own things only. */
export function mayActFor(caller: Caller, userId: string): boolean {
  return caller.role === 'operator' || caller.id === userId;
}
