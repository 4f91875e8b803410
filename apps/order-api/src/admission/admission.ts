import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { counter, gauge, startAtZero } from '@fourfold/observability/metrics';
import { PreparedProblem, securityHeaders } from '@fourfold/observability';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OverloadedError } from '../http/http.errors.js';
import { AdmissionLimit, type AdmissionOptions, priorities, type Priority } from './admission.limit.js';
import { PriorityTable } from './priority.table.js';

const WINDOW_MS = 100;
const LOG_MS = 1_000;
/** Few enough to be answered in time by a machine that places a hundred orders a second. */
const LIMITS = { least: 24, first: 48, most: 1_024 };

/** More than any handler takes: one whose client has gone and which never says that it has ended leaves then. */
const ABANDONED_MS = 30_000;

type AdmissionChoice = Pick<AdmissionOptions, 'targetMs'> &
  Partial<AdmissionOptions> & { hstsSeconds?: number };

interface Ticket {
  readonly priority: Priority;
  sinceMs: number;
  isInHand: boolean;
  /** It has arrived in whole, and was refused by no hook. */
  isBegun: boolean;
}

/**
 * Refuses what is more than the process can answer in time before anything has been spent on it: around Fastify, before
 * its request and log line, the token, and the body. What is for operators alone is never refused.
 *
 * In hand is what costs the process something, and no time that a client decides on: neither how slowly it sends, nor
 * how slowly it reads, nor that it goes while a handler works.
 *
 * States of a request: refused, or in hand → (aside, while its body comes or it waits behind others of its caller → in
 * hand or refused) → ended, when its handler has.
 */
export class Admission {
  readonly limit: AdmissionLimit;
  private readonly table = new PriorityTable();
  private readonly tickets = new WeakMap<IncomingMessage, Ticket>();
  private readonly problem: PreparedProblem;
  private readonly logger = new Logger(Admission.name);
  private shedSinceLog: Partial<Record<Priority, number>> = {};
  private readonly shed = counter({
    name: 'http_shed_total',
    help: 'Requests that were refused since the process had more in hand than it can answer in time',
    labelNames: ['priority'],
  });

  /** @param options of which `targetMs` 0 refuses nothing, and `hstsSeconds` is as `securityHeaders` has it */
  constructor({ targetMs, hstsSeconds, ...limits }: AdmissionChoice) {
    this.problem = new PreparedProblem(new OverloadedError(), securityHeaders(hstsSeconds));
    const unlimited = { targetMs: Infinity, least: Infinity, first: Infinity, most: Infinity };
    this.limit = new AdmissionLimit(targetMs === 0 ? unlimited : { ...LIMITS, ...limits, targetMs });
    startAtZero(this.shed, { priority: [...priorities] });
    const { limit } = this;
    gauge({
      name: 'http_admission_limit',
      help: 'Requests that the process works on at once at the most',
      collect() {
        this.set(limit.limit);
      },
    });
  }

  /** Around `handle`, which sees what is admitted alone. */
  readonly around = (handle: RequestListener): RequestListener => {
    return (request, response) => {
      const priority = this.table.of(request.method!, request.url!);
      if (priority === undefined) return handle(request, response);
      if (!this.admits(priority))
        return this.problem.send(request, response, this.limit.retryAfterSeconds(priority));
      const ticket: Ticket = { priority, sinceMs: 0, isInHand: false, isBegun: false };
      this.tickets.set(request, ticket);
      this.enter(ticket);
      response.on('close', () => this.closed(ticket, response));
      handle(request, response);
      // Node has then handed over all that came with the headers.
      if (mayHaveBody(request))
        setImmediate(() => request.complete || ticket.isBegun || this.putAside(ticket));
    };
  };

  /** To be called before routes are made. */
  attach(fastify: FastifyInstance): void {
    this.table.attach(fastify);
    const timers = [
      setInterval(() => this.limit.adapt(), WINDOW_MS).unref(),
      setInterval(() => this.log(), LOG_MS).unref(),
    ];
    fastify.addHook('onClose', (_instance, done) => {
      timers.forEach(clearInterval);
      done();
    });
    fastify.addHook('preValidation', (request, reply, done) => done(this.begin(request, reply)));
    fastify.addHook('onSend', (request, reply, _payload, done) => {
      this.end(request.raw, reply.raw);
      done();
    });
  }

  /** It waits for its turn among its caller's own, and uses nothing meanwhile. */
  setAside(request: IncomingMessage): void {
    const ticket = this.tickets.get(request);
    if (ticket) this.putAside(ticket);
  }

  /** @returns why it is refused: it was aside, and the process has since become full */
  private begin(request: FastifyRequest, reply: FastifyReply): OverloadedError | undefined {
    const ticket = this.tickets.get(request.raw);
    if (!ticket) return undefined;
    if (!ticket.isInHand) {
      if (!this.admits(ticket.priority)) {
        reply.header('Retry-After', this.limit.retryAfterSeconds(ticket.priority));
        return new OverloadedError();
      }
      this.enter(ticket);
    }
    ticket.isBegun = true;
    return undefined;
  }

  /** How quickly a hook refused it says nothing of those that are worked on. */
  private end(request: IncomingMessage, response: ServerResponse): void {
    const ticket = this.tickets.get(request);
    if (!ticket?.isInHand) return;
    if (!ticket.isBegun) return this.putAside(ticket);
    const tookMs = performance.now() - ticket.sinceMs;
    // Its work was stopped since its client has gone: how soon, says nothing of those that are answered.
    if (response.destroyed && tookMs < this.limit.targetMs) return this.putAside(ticket);
    ticket.isInHand = false;
    this.limit.leave(ticket.priority, tookMs);
  }

  private closed(ticket: Ticket, response: ServerResponse): void {
    if (!ticket.isInHand) return;
    if (!ticket.isBegun || response.writableFinished) this.putAside(ticket);
    else setTimeout(() => this.putAside(ticket), ABANDONED_MS).unref();
  }

  private admits(priority: Priority): boolean {
    if (this.limit.admits(priority)) return true;
    this.shed.inc({ priority });
    this.shedSinceLog[priority] = (this.shedSinceLog[priority] ?? 0) + 1;
    return false;
  }

  private enter(ticket: Ticket): void {
    ticket.isInHand = true;
    ticket.sinceMs = performance.now();
    this.limit.enter(ticket.priority);
  }

  private putAside(ticket: Ticket): void {
    if (ticket.isInHand) this.limit.setAside(ticket.priority);
    ticket.isInHand = false;
  }

  private log(): void {
    if (Object.keys(this.shedSinceLog).length === 0) return;
    const { limit, inHand } = this.limit;
    this.logger.warn(
      { refused: this.shedSinceLog, limit, inHand },
      'Requests were refused: more come than can be answered in time',
    );
    this.shedSinceLog = {};
  }
}

/** RFC 9112, 6.3: a request that announces none has none. */
const mayHaveBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
