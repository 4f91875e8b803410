import { type INestApplicationContext, Logger } from '@nestjs/common';
import { AppError } from '@fourfold/kernel';
import { runWithin } from '@fourfold/observability/request-context';
import { OperatorActions } from '@shop/audit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accessOf } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { databaseErrorOf } from '../http/database-error.js';
import { changesNothing } from '../http/role.hook.js';
import { AuditUnavailableError } from './audit.errors.js';

/**
 * What the shop does all day, thousands of times a minute where an importer places the orders of others: who placed one is
 * in its idempotency record and the log of requests.
 */
const NOT_AUDITED: ReadonlySet<string> = new Set(['POST /v1/orders']);

/** Characters of the longest IPv6 address. */
const MOST_ADDRESS = 45;
const ACTION = Symbol('ACTION');
type Audited = FastifyRequest & { [ACTION]?: string };

/** @param route as it is registered: `/v1/admin/queues/:name/pause` */
export function isAudited(method: string, route: string): boolean {
  return !changesNothing(method, route) && !NOT_AUDITED.has(`${method} ${route}`);
}

/** A database that is away, or busy, is told as such. */
function refusalOf(error: unknown): AppError {
  return error instanceof AppError ? error : (databaseErrorOf(error) ?? new AuditUnavailableError(error));
}

/**
 * Has whatever an operator changes be recorded: before it is done, and how it ended afterwards. An action whose record can't
 * be written is refused. Routes that change nothing have no hook. To be called before routes are made.
 */
export function auditOperators(fastify: FastifyInstance, app: INestApplicationContext): void {
  const actions = app.get(OperatorActions, { strict: false });
  const logger = new Logger('Audit');
  const begin = async (request: Audited): Promise<void> => {
    const caller = callerOf(request);
    if (caller?.role !== 'operator') return;
    try {
      request[ACTION] = await actions.begin({
        actor: caller.id,
        action: `${request.method} ${request.routeOptions.url}`,
        target: request.url.split('?', 1)[0]!,
        // What a trusted proxy forwards may be anything.
        address: request.ip.slice(0, MOST_ADDRESS),
        requestId: request.id,
      });
    } catch (error) {
      throw refusalOf(error);
    }
  };
  // As it is sent, and not when it was: for a client that has hung up meanwhile Fastify calls no `onResponse`.
  const end = async (request: Audited, { statusCode }: FastifyReply): Promise<void> => {
    const action = request[ACTION];
    if (action === undefined) return;
    // Also of a request whose time is over, or whose client has gone.
    void runWithin(undefined, () => actions.end(action, statusCode)).catch((error: unknown) => {
      logger.warn(
        { err: error, action, statusCode },
        'How an action of an operator ended could not be recorded',
      );
    });
  };
  fastify.addHook('onRoute', (route) => {
    const access = accessOf(route.config ?? {});
    const methods = [route.method].flat();
    if (
      access === undefined ||
      access === 'public' ||
      !methods.some((method) => isAudited(method, route.url))
    )
      return;
    route.preHandler = [route.preHandler ?? [], begin].flat();
    route.onSend = [route.onSend ?? [], end].flat();
  });
}
