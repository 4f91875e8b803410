import type { Caller } from '@fourfold/auth';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

const CALLER = Symbol('CALLER');
type Identified = FastifyRequest & { [CALLER]?: Caller };

export function rememberCaller(request: Identified, caller: Caller): void {
  request[CALLER] = caller;
}

/** Undefined on the management port, which asks for no token. */
export function callerOf(request: Identified): Caller | undefined {
  return request[CALLER];
}

/** A text that is unique to the caller: keys and limits of a caller are stored under it. */
export const callerKey = ({ role, id }: Caller): string => `${role}:${id}`;

export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const caller = callerOf(context.switchToHttp().getRequest());
  if (!caller) throw new Error('@CurrentCaller() on a route that asks for no token');
  return caller;
});

/** Customers see their own things only. */
export function mayActFor(caller: Caller, userId: string): boolean {
  return caller.role === 'operator' || caller.id === userId;
}
