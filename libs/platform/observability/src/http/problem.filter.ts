import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { AppError } from '@fourfold/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { discardBody } from './discard-body.js';
import { type ErrorOf, sendProblem, toAppError } from './problem.js';

/** The one place where an error becomes an answer, on every port: `application/problem+json` (RFC 9457). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly errorOf: ErrorOf = () => undefined) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = toAppError(exception, this.errorOf);
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
