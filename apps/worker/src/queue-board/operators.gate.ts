import {
  basicPassword,
  bearerToken,
  ForbiddenError,
  TokenInvalidError,
  TokenMissingError,
  type TokenVerifier,
} from '@fourfold/auth';
import { AppError } from '@fourfold/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoardReadOnlyError } from './board.errors.js';

const CHALLENGE = [
  'Basic realm="Fourfold queues: any name, and an operator\'s token as the password"',
  'Bearer',
];

/**
 * Lets operators look; no caller can change anything. A browser can't send a Bearer token when it opens a page, but it
 * can ask for a password: so the token may also come as the password of HTTP Basic.
 */
export function operatorsGate(tokens: TokenVerifier) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    try {
      const { authorization = [] } = request.raw.headersDistinct;
      if (authorization.length > 1) throw new TokenInvalidError(new Error('several Authorization headers'));
      const token = bearerToken(authorization[0]) ?? basicPassword(authorization[0]);
      if (token === undefined) throw new TokenMissingError();
      const { role } = await tokens.verify(token);
      if (role !== 'operator') throw new ForbiddenError();
      if (request.method !== 'GET' && request.method !== 'HEAD') throw new BoardReadOnlyError();
    } catch (error) {
      if (error instanceof AppError && error.status === 401) reply.header('WWW-Authenticate', CHALLENGE);
      if (error instanceof BoardReadOnlyError) reply.header('Allow', 'GET, HEAD');
      throw error;
    }
  };
}
