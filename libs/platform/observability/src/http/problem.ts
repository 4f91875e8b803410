import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HttpException } from '@nestjs/common';
import { AppError } from '@fourfold/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  BadRequestError,
  BodyTooLargeError,
  HeadersTooLargeError,
  InternalError,
  RequestTimeoutError,
  RouteNotFoundError,
  UnsupportedMediaTypeError,
} from './http.errors.js';
import { SECURITY_HEADERS } from './security.headers.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** What an exception of a library, such as a database driver, means to a caller; `undefined` where it is not known. */
export type ErrorOf = (exception: unknown) => AppError | undefined;

/** @param more members beyond the usual ones */
export function sendProblem(
  error: AppError,
  request: FastifyRequest,
  reply: FastifyReply,
  more: object = {},
): void {
  if (error.retryAfterSeconds !== undefined) reply.header('Retry-After', error.retryAfterSeconds);
  if (error.status === 401 && !reply.hasHeader('WWW-Authenticate'))
    reply.header('WWW-Authenticate', 'Bearer');
  void reply
    .code(error.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify({ ...problemOf(error, request.id), ...more }));
}

/** As RFC 9457 has it. */
export function problemOf(error: AppError, requestId: string): object {
  return {
    type: `https://fourfold.example/errors#${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors ? { errors: error.errors } : {}),
  };
}

/** Nest's and Fastify's exceptions by their status; what has none is asked of `errorOf`. */
export function toAppError(exception: unknown, errorOf: ErrorOf): AppError {
  if (exception instanceof AppError) return exception;
  const status = statusOf(exception);
  switch (status) {
    case undefined:
      return errorOf(exception) ?? new InternalError(exception);
    case 404:
      return new RouteNotFoundError(exception);
    case 413:
      return new BodyTooLargeError(exception);
    case 415:
      return new UnsupportedMediaTypeError(exception);
    default:
      return status < 500 ? new BadRequestError(exception) : new InternalError(exception);
  }
}

/** Nest's own exceptions, and Fastify's, which carry a `statusCode`. */
function statusOf(exception: unknown): number | undefined {
  if (exception instanceof HttpException) return exception.getStatus();
  return exception instanceof Error && 'statusCode' in exception ? Number(exception.statusCode) : undefined;
}

/** For what Fastify refuses before there is a route, such as a path that can't be decoded. */
export function refuseUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...SECURITY_HEADERS, 'X-Request-Id': request.id });
  sendProblem(
    toAppError(error, () => undefined),
    request,
    reply,
  );
}

/** For what is not even HTTP: there is no request to answer, only a socket. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = unreadable(error);
  const requestId = randomUUID();
  const body = JSON.stringify(problemOf(problem, requestId));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      `Content-Type: ${PROBLEM_TYPE}\r\n` +
      `X-Request-Id: ${requestId}\r\n` +
      'X-Content-Type-Options: nosniff\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

function unreadable(error: Error & { code?: string }): AppError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HeadersTooLargeError(error);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestTimeoutError(error);
    default:
      return new BadRequestError(error);
  }
}
