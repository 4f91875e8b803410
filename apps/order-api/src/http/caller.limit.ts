import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '@fourfold/auth';
import type { FastifyInstance } from 'fastify';
import { callerKey, callerOf } from '../auth/caller.js';
import { BadRequestError } from '@fourfold/observability';
import { TooManyRequestsError } from './http.errors.js';

/** How many requests of one caller this process works on at a time: a fraction of what its pools hold, for a customer. */
const IN_HAND = { customer: 16, operator: 256 };
/** How many more of the same caller wait for their turn. */
const WAITING = 1_000;
const CLIENT_GONE = new Error('The client has gone');

interface InHand {
  count: number;
  /** Missing while none waits, which is nearly always. */
  waiting?: Set<() => void>;
}

/** Is told of a request that waits for its turn. */
export interface TurnWatch {
  setAside(request: IncomingMessage): void;
}

/** To be called after `authenticate`: what has no caller has no limit of this kind. */
export function limitCallers(fastify: FastifyInstance, watch?: TurnWatch): void {
  const limit = new CallerLimit();
  fastify.addHook('onRequest', (request, reply, done) => {
    const caller = callerOf(request);
    if (!caller || limit.tryEnter(caller, reply.raw)) {
      done();
      return;
    }
    watch?.setAside(request.raw);
    void limit.enter(caller, reply.raw).then(() => done(), done);
  });
}

/** Keeps one caller, on however many connections, from taking what all share. */
export class CallerLimit {
  private readonly callers = new Map<string, InHand>();

  constructor(
    private readonly inHand = IN_HAND,
    private readonly waiting = WAITING,
  ) {}

  /** @returns false where there is no place, or the client has gone: `enter` then waits, or says what is wrong */
  tryEnter(caller: Caller, response: ServerResponse): boolean {
    if (response.destroyed) return false;
    const key = callerKey(caller);
    const own = this.callers.get(key) ?? { count: 0 };
    if (own.count >= this.inHand[caller.role]) return false;
    own.count += 1;
    this.callers.set(key, own);
    response.on('close', () => this.leave(key, own));
    return true;
  }

  /**
   * Resolves when it is this request's turn, which ends with its response.
   * @throws TooManyRequestsError when as many wait as may, BadRequestError when the client has gone
   */
  async enter(caller: Caller, response: ServerResponse): Promise<void> {
    if (this.tryEnter(caller, response)) return;
    if (response.destroyed) throw new BadRequestError(CLIENT_GONE);
    const key = callerKey(caller);
    const own = this.callers.get(key)!;
    const waiting = (own.waiting ??= new Set());
    const leave = () => this.leave(key, own);
    if (waiting.size >= this.waiting) throw new TooManyRequestsError();
    await new Promise<void>((resolve, reject) => {
      const gone = () => {
        waiting.delete(go);
        reject(new BadRequestError(CLIENT_GONE));
      };
      const go = () => {
        waiting.delete(go);
        response.off('close', gone).once('close', leave);
        resolve();
      };
      waiting.add(go);
      response.once('close', gone);
    });
  }

  /** Hands the place on to the request that has waited longest, if there is one. */
  private leave(key: string, own: InHand): void {
    const [next] = own.waiting ?? [];
    if (next) next();
    else if ((own.count -= 1) === 0) this.callers.delete(key);
  }
}
