import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import {
  DatabaseContendedError,
  DatabaseUnavailableError,
  isConnectionError,
  isLockTimeout,
  isRetryableConflict,
  queryTimeoutOf,
} from '@fourfold/db-routing';
import { AppError } from '@fourfold/kernel';
import { arrivedOnManagementPort, SECURITY_HEADERS } from '@fourfold/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { discardBody } from './discard-body.js';
import {
  BadRequestError,
  BodyTooLargeError,
  HeadersTooLargeError,
  InternalError,
  RequestTimeoutError,
  RouteNotFoundError,
  UnsupportedMediaTypeError,
} from './http.errors.js';

/** The one place where an error becomes an answer: `application/problem+json` (RFC 9457). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (arrivedOnManagementPort(request.raw) && exception instanceof HttpException) {
      // A health report is for a probe: it says which dependency is down.
      void reply.code(exception.getStatus()).send(exception.getResponse());
      return;
    }
    const error = toAppError(exception);
    this.log(error, exception, request.id);
    const send = (): void => sendProblem(error, request, reply);
    if (request.raw.complete) return send();
    const discarded = discardBody(request.raw);
    if (closesConnection(reply)) void discarded.then(send);
    else {
      send();
      void discarded.then(() => request.raw.complete || request.raw.socket.destroy());
    }
  }

  /**
   * A refusal that has a name is one line without a stack: where it was thrown says nothing, and while something is down
   * there are as many of them as there are callers, at the cost of those whom it does not concern.
   */
  private log(error: AppError, exception: unknown, requestId: string): void {
    if (error.status < 500) return;
    if (error.status !== 503) return this.logger.error({ err: exception, requestId }, error.message);
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    this.logger.warn({ code: error.code, requestId, cause }, error.message);
  }
}

/** Whether Node closes the connection under the client as soon as the answer is out: it has to have been read until then. */
function closesConnection(reply: FastifyReply): boolean {
  return !reply.raw.shouldKeepAlive || reply.getHeader('Connection') !== undefined;
}

/** For what Fastify refuses before there is a route, such as a path that can't be decoded. */
export function refuseUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(SECURITY_HEADERS);
  sendProblem(toAppError(error), request, reply);
}

/** For what is not even HTTP: there is no request to answer, only a socket. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = unreadable(error);
  const body = JSON.stringify(problemOf(problem, randomUUID()));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      'Content-Type: application/problem+json\r\n' +
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

function sendProblem(error: AppError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.retryAfterSeconds !== undefined) reply.header('Retry-After', error.retryAfterSeconds);
  if (error.status === 401) reply.header('WWW-Authenticate', 'Bearer');
  void reply
    .code(error.status)
    .type('application/problem+json')
    .send(JSON.stringify(problemOf(error, request.id)));
}

function problemOf(error: AppError, requestId: string): object {
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

function toAppError(exception: unknown): AppError {
  if (exception instanceof AppError) return exception;
  const status = statusOf(exception);
  switch (status) {
    case undefined:
      return fromDriver(exception);
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

function fromDriver(exception: unknown): AppError {
  const timeout = queryTimeoutOf(exception);
  if (timeout) return timeout;
  if (isConnectionError(exception)) return new DatabaseUnavailableError(exception);
  if (isLockTimeout(exception) || isRetryableConflict(exception))
    return new DatabaseContendedError(exception);
  return new InternalError(exception);
}

/** Nest's own exceptions, and Fastify's, which carry a `statusCode`. */
function statusOf(exception: unknown): number | undefined {
  if (exception instanceof HttpException) return exception.getStatus();
  return exception instanceof Error && 'statusCode' in exception ? Number(exception.statusCode) : undefined;
}
