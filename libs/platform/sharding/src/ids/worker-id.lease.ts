/** One of the 1,024 worker ids, held until it is released or not renewed. */
export interface HeldWorkerId {
  workerId: number;
  /** Names this holding, never the process: a process that takes the id again has another name. */
  holder: string;
  /** What earlier holders had reserved: they issued nothing at or beyond it, so this is where to begin. */
  floorMs: number;
}

/**
 * How far beyond the server's time may be reserved: the longest reservation of a clock that is a day fast. What a clock
 * years ahead had reserved would hold up every later holder of the worker id, and its ids every later id.
 */
export const MAX_AHEAD_MS = 2 * 86_400_000;

/**
 * Who holds which worker id, and how far in time its ids may go. What keeps ids unique is the reservation, not the
 * lease: a holder issues nothing at or beyond what it reserved, only the current holder can reserve, and a new holder
 * begins where the old one's reservation ended. The lease only says when an id may be taken from a holder that is
 * silent, so a wrong guess there costs a worker id, never a double.
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
