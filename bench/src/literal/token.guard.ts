import { readFileSync } from 'node:fs';
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { settings } from './settings.js';

export interface Caller {
  id: string;
  role: string;
}

interface RequestOfCaller {
  headers: { authorization?: string };
  caller: Caller;
}

@Injectable()
export class TokenGuard implements CanActivate {
  private readonly keys = createLocalJWKSet(
    JSON.parse(readFileSync(settings.jwksFile, 'utf8')) as JSONWebKeySet,
  );

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RequestOfCaller>();
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: 'fourfold-dev',
        audience: 'fourfold',
        algorithms: ['ES256'],
      });
      request.caller = { id: String(payload.sub), role: String(payload['role']) };
      return true;
    } catch {
      throw new UnauthorizedException();
    }
  }
}

export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Caller =>
    context.switchToHttp().getRequest<RequestOfCaller>().caller,
);

export const mayActFor = (caller: Caller, userId: string): boolean =>
  caller.role === 'operator' || caller.id === userId;
