import { appError } from '@fourfold/kernel';

/** One of the 1,024 worker ids, held until it is released or not renewed. */
export interface HeldWorkerId {
  workerId: number;
  /** Names this holding, never the process: a process that takes the id again has another name. */
  holder: string;
  /** What earlier holders had reserved: they issued nothing at or beyond it, so this is where to begin. */
  floorMs: number;
}

/**
 * How far beyond the server's time a holder may reserve: the longest reservation of a clock that is a day fast. A
 * reservation years ahead would block every later holder of the worker id.
 */
export const MAX_AHEAD_MS = 2 * 86_400_000;

/** No id can be given out that is sure to be new: the reservation ran out and is being renewed, or can't be. */
export class IdLeaseLostError extends appError('id-lease-lost', 503, 'No ids available') {
  /** The clock that asks for time is wrong, or the server's. */
  static tooFarAhead(untilMs: number): IdLeaseLostError {
    const until = new Date(untilMs).toISOString();
    return new IdLeaseLostError(`Time up to ${until} is over two days ahead of the main cluster’s clock`);
  }

  constructor(message: string, cause?: unknown) {
    super(message, { cause, retryAfterSeconds: 1 });
  }
}

/**
 * Who holds which worker id, and how far in time its ids may go. What keeps ids unique is the reservation, not the
 * lease: a holder issues nothing at or beyond what it reserved, only the current holder can reserve, and a new holder
 * begins where the old one's reservation ended. The lease only says when an id may be taken from a holder that is
 * silent: taking it too early costs a worker id, and repeats no id.
 */
export interface WorkerIdLease {
  /**
   * Takes a free or expired worker id, preferably one whose reservation is already past.
   * @param nowMs the caller's time, used for that preference only.
   * @throws IdLeaseLostError when all are held.
   */
  acquire(nowMs: number): Promise<HeldWorkerId>;

  /**
   * Keeps the lease and reserves time up to `untilMs` (exclusive); an earlier, longer reservation stays.
   * @returns false when the id is no longer this holder's: nothing was reserved.
   * @throws IdLeaseLostError when that is more than MAX_AHEAD_MS beyond the server's time: only the lease was kept.
   */
  reserve(held: HeldWorkerId, untilMs: number): Promise<boolean>;

  /** Gives the id back. The reservation stays, as the floor of the next holder. */
  release(held: HeldWorkerId): Promise<void>;
}
