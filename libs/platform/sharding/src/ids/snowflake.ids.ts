import { type Clock, ConfigurationError, systemClock, withDeadline } from '@fourfold/kernel';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { IdLeaseLostError } from './id-lease-lost.error.js';
import { SEQUENCE_COUNT, SNOWFLAKE_END_MS, SNOWFLAKE_EPOCH_MS, snowflakeBits } from './snowflake.layout.js';
import type { HeldWorkerId, WorkerIdLease } from './worker-id.lease.js';

export interface SnowflakeOptions {
  /**
   * How far ahead time is reserved, and so how long ids flow without the main cluster. 100–86,400,000; default 30,000.
   */
  reservationMs?: number;
  clock?: Clock;
}

const MIN_RESERVATION_MS = 100;
const MAX_RESERVATION_MS = 86_400_000;
const RETRY_AFTER_MS = 1_000;
const LEASE_DEADLINE_MS = 5_000;
/** A process that was frozen has its ids back within this. */
const WAIT_MS = 1_000;

const NO_LEASE: WorkerIdLease = {
  acquire: () => Promise.reject(new IdLeaseLostError('This process takes no worker id')),
  reserve: () => Promise.resolve(false),
  release: () => Promise.resolve(),
};

/**
 * Global ids: 64 bits, as decimal text, strictly increasing within this process and never issued twice by any.
 *
 * Time is max(clock, last issued), so a clock that steps back only makes ids run ahead of it. The sequence goes on
 * from one millisecond to the next and is never reset; where it overflows within one, time moves on by one. Nothing
 * is issued at or beyond the reservation, which a timer renews at a third of its length. It can't be over two days ahead
 * of the main cluster's clock: while this process' clock is, there are no ids, and once it is right they go on.
 *
 * States: holding (a worker id and a reservation) → exhausted (time has reached the reservation: every call throws)
 * → holding, by a renewal, or by another worker id when ours was taken → released (still issues what is reserved,
 * which is safe because the next holder begins after it).
 */
export class SnowflakeIds implements OnApplicationShutdown {
  readonly #logger = new Logger(SnowflakeIds.name);
  readonly #reservationMs: number;
  readonly #clock: Clock;
  #held: HeldWorkerId | undefined;
  #lastMs = SNOWFLAKE_EPOCH_MS;
  #sequence = SEQUENCE_COUNT - 1;
  #reservedUntilMs = 0;
  #renewing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #released = false;
  #renewed = Promise.withResolvers<void>();

  private constructor(
    private readonly lease: WorkerIdLease,
    { reservationMs = 30_000, clock = systemClock }: SnowflakeOptions,
  ) {
    this.#reservationMs = reservationMs;
    this.#clock = clock;
  }

  /**
   * Takes a worker id and a first reservation.
   * @throws what the lease throws, IdLeaseLostError among it: a process without ids must not start.
   *   ConfigurationError when the options can't work.
   */
  static async start(lease: WorkerIdLease, options: SnowflakeOptions = {}): Promise<SnowflakeIds> {
    assertPossible(options);
    const ids = new SnowflakeIds(lease, options);
    await ids.#acquire();
    ids.#schedule(ids.#reservationMs / 3);
    return ids;
  }

  /** For a process that issues no ids: each call throws IdLeaseLostError, and nothing is leased. */
  static none(): SnowflakeIds {
    const ids = new SnowflakeIds(NO_LEASE, {});
    ids.#released = true;
    return ids;
  }

  /** The worker id in the ids issued now; another one after a lease was lost. */
  get workerId(): number {
    return this.#held!.workerId;
  }

  /**
   * An id greater than all this process issued before, as decimal text. Costs well under a microsecond.
   * @throws IdLeaseLostError when the reservation is used up; a renewal is then under way.
   */
  nextId(): string {
    return this.nextBigInt().toString();
  }

  /**
   * The same as a number below 2⁶³.
   * @throws IdLeaseLostError as `nextId`.
   */
  nextBigInt(): bigint {
    const sequence = (this.#sequence + 1) % SEQUENCE_COUNT;
    let timeMs = Math.max(this.#clock.now(), this.#lastMs);
    if (timeMs === this.#lastMs && sequence === 0) timeMs += 1;
    if (timeMs >= this.#reservedUntilMs - this.#reservationMs / 3) this.#renewSoon();
    if (timeMs >= this.#reservedUntilMs) {
      throw new IdLeaseLostError('The reservation for Snowflake ids ran out before it could be renewed');
    }
    this.#lastMs = timeMs;
    this.#sequence = sequence;
    return snowflakeBits({ timeMs, workerId: this.workerId, sequence });
  }

  /**
   * `nextId` that outlasts a reservation being renewed, as after the process was frozen or its worker id was taken.
   * @param deadlineMs default 1,000
   * @throws IdLeaseLostError after it, or at once when the worker id has been given back.
   */
  async waitForId(deadlineMs = WAIT_MS): Promise<string> {
    const endsAt = performance.now() + deadlineMs;
    for (;;) {
      const renewed = this.#renewed.promise;
      try {
        return this.nextId();
      } catch (error) {
        if (!(error instanceof IdLeaseLostError) || this.#released) throw error;
        await withDeadline(renewed, Math.max(endsAt - performance.now(), 0), () => error);
      }
    }
  }

  /**
   * `count` ids in ascending order; all or none are given out.
   * @throws IdLeaseLostError as `nextId`.
   */
  nextIds(count: number): string[] {
    return Array.from({ length: count }, () => this.nextId());
  }

  /**
   * Renews the reservation, or takes another worker id when ours is gone. The timer does it; concurrent calls share
   * one. Never rejects: a failure is logged, and tried again after a second.
   */
  renew(): Promise<void> {
    if (!this.#released) this.#renewing ??= this.#renewOnce();
    return this.#renewing ?? Promise.resolve();
  }

  /** Gives the worker id back. What is reserved may still be issued, for jobs that are just ending. */
  async onApplicationShutdown(): Promise<void> {
    this.#released = true;
    clearTimeout(this.#timer);
    await this.#renewing;
    try {
      await this.#bounded(this.lease.release(this.#held!));
    } catch (error) {
      this.#logger.warn(
        `Worker id ${this.workerId} was not given back and expires by itself: ${String(error)}`,
      );
    }
  }

  async #renewOnce(): Promise<void> {
    try {
      // Again if the clock jumped while the answer was on its way: who joined this renewal needs it to cover now.
      do await this.#extend();
      while (this.#clock.now() >= this.#reservedUntilMs && this.#reservedUntilMs < SNOWFLAKE_END_MS);
      this.#failed = false;
      this.#renewed.resolve();
      this.#renewed = Promise.withResolvers();
    } catch (error) {
      this.#failed = true;
      this.#logger.error(`Snowflake ids could not be reserved: ${String(error)}`);
    }
    // In one step with the last look at the clock: a caller from here on starts a renewal of its own.
    this.#renewing = undefined;
    this.#schedule(this.#failed ? RETRY_AFTER_MS : this.#reservationMs / 3);
  }

  async #extend(): Promise<void> {
    const untilMs = this.#horizon(this.#lastMs);
    if (await this.#bounded(this.lease.reserve(this.#held!, untilMs))) {
      this.#reservedUntilMs = Math.max(this.#reservedUntilMs, untilMs);
    } else {
      this.#logger.warn(`Worker id ${this.workerId} was taken while this process was silent: taking another`);
      await this.#acquire();
    }
  }

  async #acquire(): Promise<void> {
    const held = await this.#bounded(this.lease.acquire(this.#clock.now()));
    const untilMs = this.#horizon(Math.max(held.floorMs, this.#lastMs + 1));
    await this.#reserveFirst(held, untilMs);
    // No await from here on. The old worker id went on issuing meanwhile, so time begins after its very last id:
    // within one millisecond a smaller worker id would give a smaller id.
    this.#held = held;
    this.#lastMs = Math.max(held.floorMs, this.#lastMs + 1);
    this.#reservedUntilMs = untilMs;
  }

  /** @throws IdLeaseLostError; a worker id that can't be used is not kept from others meanwhile. */
  async #reserveFirst(held: HeldWorkerId, untilMs: number): Promise<void> {
    try {
      if (await this.#bounded(this.lease.reserve(held, untilMs))) return;
    } catch (error) {
      void this.lease.release(held).catch(() => undefined);
      throw error;
    }
    throw new IdLeaseLostError(`Worker id ${held.workerId} was lost before it could be used`);
  }

  #horizon(fromMs: number): number {
    return Math.min(Math.max(this.#clock.now(), fromMs) + this.#reservationMs, SNOWFLAKE_END_MS);
  }

  /** While renewals fail the timer alone tries again: a burst of callers must not become a burst of statements. */
  #renewSoon(): void {
    if (!this.#failed && !this.#released) void this.renew();
  }

  #schedule(delayMs: number): void {
    if (this.#released) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.renew(), delayMs);
    this.#timer.unref();
  }

  /** A late answer is harmless: at worst it reserves more, or holds a worker id until it expires. */
  #bounded<T>(work: Promise<T>): Promise<T> {
    return withDeadline(
      work,
      LEASE_DEADLINE_MS,
      () => new IdLeaseLostError('The main cluster did not answer'),
    );
  }
}

/** Shorter, and a renewal has no time to happen; longer, and a crash costs its worker id's next holder that long. */
function assertPossible({ reservationMs = MIN_RESERVATION_MS }: SnowflakeOptions): void {
  if (reservationMs >= MIN_RESERVATION_MS && reservationMs <= MAX_RESERVATION_MS) return;
  const range = `${MIN_RESERVATION_MS}–${MAX_RESERVATION_MS}`;
  throw new ConfigurationError(
    'SnowflakeIds',
    [`reservationMs: must be ${range}, not ${reservationMs}`],
    'options',
  );
}
