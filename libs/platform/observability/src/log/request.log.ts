import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { arrivedOnManagementPort } from '../http/management-routes.js';
import { runForRequest } from '../http/request.context.js';
import { tracingOn } from '../tracing/tracing.js';
import { logRedaction } from './log.redaction.js';
import type { TurnDestination } from './turn.destination.js';

export interface RequestLogOptions {
  service: string;
  /** Of requests answered below 400, the share that is written: 0 to 1. */
  successShare: number;
}

type Write = (response: ServerResponse, tookMs: number) => void;

const WRITE = Symbol('WRITE');
type Noted = IncomingMessage & { [WRITE]?: Write };

/**
 * The line of each request of the public port: who asked for what, and how it ended. Headers and the query are left out,
 * for they may carry tokens and addresses.
 *
 * Most requests end well, and say so in a line of a fixed form, which is put together without pino; it is the same text.
 */
export class RequestLog {
  /** Up to the time. */
  private readonly head = '{"level":30,"time":';
  private readonly service: string;

  constructor(
    private readonly options: RequestLogOptions,
    private readonly destination: TurnDestination,
    private readonly random: () => number = Math.random,
  ) {
    this.service = `,"service":${JSON.stringify(options.service)},"req":{"id":"`;
  }

  /** Has each request run in its context, and its line be written at its end. Before hooks that may refuse it. */
  attach(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      if (arrivedOnManagementPort(request.raw)) return done();
      const write: Write = (response, tookMs) => this.write(request, reply, response, tookMs);
      // The span of the request is the one of the line too.
      (request.raw as Noted)[WRITE] = tracingOn ? AsyncResource.bind(write) : write;
      runForRequest(request, done);
    });
  }

  /** To be called once the answer of any request has been handed to the operating system, or can't be any more. */
  ended(request: IncomingMessage, response: ServerResponse, tookMs: number): void {
    (request as Noted)[WRITE]?.(response, tookMs);
  }

  private write(
    request: FastifyRequest,
    reply: FastifyReply,
    response: ServerResponse,
    tookMs: number,
  ): void {
    const { root } = PinoLogger;
    if (!root.isLevelEnabled('info')) return;
    const { statusCode } = response;
    const isWhole = response.writableEnded && !request.raw.readableAborted;
    const responseTime = Math.round(tookMs);
    const { successShare } = this.options;
    if (isWhole && statusCode < 400) {
      if (successShare < 1 && this.random() >= successShare) return;
      if (!tracingOn && !reply.hasHeader('location')) {
        this.destination.write(this.lineOf(request, statusCode, responseTime));
        return;
      }
    }
    const { err } = response as { err?: Error };
    // Fastify hands its headers over with the head: Node's response does not keep them.
    const res = { statusCode, headersSent: response.headersSent, getHeaders: () => reply.getHeaders() };
    const isFailed = err !== undefined || statusCode >= 500;
    root.info(
      { req: request, res, responseTime, ...(err !== undefined && { err }) },
      isFailed ? 'request errored' : isWhole ? 'request completed' : 'request aborted',
    );
  }

  private lineOf({ id, method, url }: FastifyRequest, statusCode: number, responseTime: number): string {
    const path = JSON.stringify(url.split('?', 1)[0]);
    return logRedaction.streamWrite(
      `${this.head}${Date.now()}${this.service}${id}","method":"${method}","url":${path}},"res":{"statusCode":${statusCode}},"responseTime":${responseTime},"msg":"request completed"}\n`,
    );
  }
}
