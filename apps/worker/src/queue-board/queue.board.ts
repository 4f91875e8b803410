import { createBullBoard } from '@bull-board/api';
import { BullAdapter } from '@bull-board/api/bullAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { TokenVerifier } from '@fourfold/auth';
import { AppError } from '@fourfold/kernel';
import {
  PAGE_CONTENT_POLICY,
  registerOnManagementPort,
  RouteNotFoundError,
  sendProblem,
} from '@fourfold/observability';
import { QueueUnavailableError, QueueViews } from '@fourfold/queue';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyPluginCallback } from 'fastify';
import { operatorsGate } from './operators.gate.js';

const QUEUE_BOARD_PATH = '/admin/queues';

/**
 * Bull Board on the management port, for operators, as a page that only shows. Changes go another way: a redrive, say,
 * is an outbox row and not `job.retry()`.
 */
export function publishQueueBoard(app: NestFastifyApplication): void {
  const board = queueBoard(app.get(QueueViews), app.get(TokenVerifier));
  registerOnManagementPort(app.getHttpAdapter().getInstance(), QUEUE_BOARD_PATH, board);
}

function queueBoard(views: QueueViews, tokens: TokenVerifier): FastifyPluginCallback {
  const logger = new Logger('QueueBoard');
  const adapter = new FastifyAdapter();
  adapter.setBasePath(QUEUE_BOARD_PATH);
  createBullBoard({
    queues: views.all.map((queue) => new BullAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
    // The board would list workers by connection (CLIENT LIST); heartbeats say which processes work a queue off.
    options: { uiConfig: { boardTitle: 'Fourfold queues', showWorkers: false } },
  });
  // To the handler below: Bull Board's own answers are plain JSON.
  adapter.setErrorHandler((error) => {
    throw error;
  });
  return (fastify, _options, done) => {
    fastify.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
      // What has no status of its own comes from Redis: the board asks nothing else.
      if (error instanceof AppError || error.statusCode !== undefined) throw error;
      const away = new QueueUnavailableError(error);
      logger.warn({ err: error }, away.message);
      // `error` is what the page shows.
      sendProblem(away, request, reply, { error: away.message });
      return reply;
    });
    // Bull Board says in plain JSON what is not there.
    fastify.addHook('preSerialization', async (_request, reply, payload) => {
      if (reply.statusCode === 404) throw new RouteNotFoundError();
      return payload;
    });
    fastify.addHook('onRequest', operatorsGate(tokens));
    fastify.addHook('onRequest', (_request, reply, ready) => {
      reply.header('Content-Security-Policy', PAGE_CONTENT_POLICY);
      ready();
    });
    void fastify.register(adapter.registerPlugin());
    done();
  };
}
