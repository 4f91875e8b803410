import { createBullBoard } from '@bull-board/api';
import { BullAdapter } from '@bull-board/api/bullAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { TokenVerifier } from '@fourfold/auth';
import { type QueueViews, QueueUnavailableError } from '@fourfold/queue';
import { Logger } from '@nestjs/common';
import type { FastifyPluginCallback } from 'fastify';
import { operatorsGate } from './operators.gate.js';

/** On the management port. */
export const QUEUE_BOARD_PATH = '/admin/queues';

/**
 * Bull Board, for operators, as a page that only shows. What it could change goes another way, past what the board
 * knows nothing of: a redrive is an outbox row, not `job.retry()`.
 */
export function queueBoard(views: QueueViews, tokens: TokenVerifier): FastifyPluginCallback {
  const logger = new Logger('QueueBoard');
  const adapter = new FastifyAdapter();
  adapter.setBasePath(QUEUE_BOARD_PATH);
  createBullBoard({
    queues: views.all.map((queue) => new BullAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
    // Workers: it would list connections (CLIENT LIST). Whoever works a queue off is in its heartbeats.
    options: { uiConfig: { boardTitle: 'Fourfold queues', showWorkers: false } },
  });
  // All that it does is to ask Redis.
  adapter.setErrorHandler((error) => {
    const { status, code, message } = new QueueUnavailableError(error);
    logger.warn({ err: error }, message);
    // Bull Board's type knows no 503; it sends what it is given.
    return { status: status as number as 500, body: { error: message, code } };
  });
  return (fastify, _options, done) => {
    fastify.addHook('onRequest', operatorsGate(tokens));
    void fastify.register(adapter.registerPlugin());
    done();
  };
}
