import { type Clock, parseOptions, PeriodicTask, systemClock, withDeadline } from '@fourfold/kernel';
import { runWithin } from '@fourfold/observability/request-context';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import { SEQUENCE_COUNT, SNOWFLAKE_END_MS, SNOWFLAKE_EPOCH_MS, snowflakeBits } from './snowflake-layout.js';
import { type HeldWorkerId, IdLeaseLostError, type WorkerIdLease } from './worker-id.lease.js';

/** Shorter, and a renewal has no time to happen; longer, and a crash costs its worker id's next holder that long. */
export const snowflakeOptionsSchema = z.strictObject({
  /**
   * How far ahead time is reserved, and so how long ids flow without the main cluster. 100–86,400,000; default 30,000.
   */
  reservationMs: z.number().min(100).max(86_400_000).default(30_000),
  clock: z
    .custom<Clock>(
      (clock) => typeof (clock as Clock | undefined)?.now === 'function',
      'must have a method now',
    )
    .default(systemClock),
});

export type SnowflakeOptions = z.input<typeof snowflakeOptionsSchema>;

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
 * of the main cluster's clock: a process whose clock is further ahead issues no ids until the clock is right.
 *
 * States: holding (a worker id and a reservation) → exhausted (time has reached the reservation: every call throws)
 * → holding, by a renewal, or by another worker id when ours was taken → released (still issues what is reserved,
 * which is safe because the next holder begins after it).
 */
export class SnowflakeIds implements OnApplicationShutdown {
  private readonly logger = new Logger(SnowflakeIds.name);
  private readonly reservationMs: number;
  private readonly clock: Clock;
  private readonly renewals: PeriodicTask;
  private held: HeldWorkerId | undefined;
  private lastMs = SNOWFLAKE_EPOCH_MS;
  private sequence = SEQUENCE_COUNT - 1;
  private reservedUntilMs = 0;
  private isRenewing = false;
  private hasFailed = false;
  private isReleased = false;
  /** Ends with the renewal in hand, or else with the next one. */
  private renewal = Promise.withResolvers<void>();

  private constructor(
    private readonly lease: WorkerIdLease,
    { reservationMs, clock }: z.output<typeof snowflakeOptionsSchema>,
  ) {
    this.reservationMs = reservationMs;
    this.clock = clock;
    this.renewals = new PeriodicTask({
      name: 'Reserving Snowflake ids',
      // After a failure; a success gives the time to the next renewal.
      everyMs: RETRY_AFTER_MS,
      firstAfterMs: reservationMs / 3,
      run: () => this.renewOnce(),
      log: this.logger,
      stopMs: LEASE_DEADLINE_MS,
    });
  }

  /**
   * Takes a worker id and a first reservation.
   * @throws what the lease throws, IdLeaseLostError among it: a process without ids must not start.
   *   ConfigurationError when the options can't work.
   */
  static async start(lease: WorkerIdLease, options: SnowflakeOptions = {}): Promise<SnowflakeIds> {
    const ids = new SnowflakeIds(lease, parseOptions('SnowflakeIds', snowflakeOptionsSchema, options));
    await ids.acquire();
    ids.renewals.start();
    return ids;
  }

  /** For a process that issues no ids: each call throws IdLeaseLostError, and nothing is leased. */
  static none(): SnowflakeIds {
    const ids = new SnowflakeIds(NO_LEASE, snowflakeOptionsSchema.parse({}));
    ids.isReleased = true;
    return ids;
  }

  /** The worker id in the ids issued now; another one after a lease was lost. */
  get workerId(): number {
    return this.held!.workerId;
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
    const sequence = (this.sequence + 1) % SEQUENCE_COUNT;
    let timeMs = Math.max(this.clock.now(), this.lastMs);
    if (timeMs === this.lastMs && sequence === 0) timeMs += 1;
    if (timeMs >= this.reservedUntilMs - this.reservationMs / 3) this.renewSoon();
    if (timeMs >= this.reservedUntilMs) {
      throw new IdLeaseLostError('The reservation for Snowflake ids ran out before it could be renewed');
    }
    this.lastMs = timeMs;
    this.sequence = sequence;
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
      const renewed = this.renewal.promise;
      try {
        return this.nextId();
      } catch (error) {
        if (!(error instanceof IdLeaseLostError) || this.isReleased) throw error;
        await withDeadline(renewed, Math.max(endsAt - performance.now(), 0), () => error);
      }
    }
  }

  /**
   * Renews the reservation, or takes another worker id when ours is gone. The timer does it; concurrent calls share one
   * renewal. Never rejects: a failure is logged, and retried after a second.
   */
  renew(): Promise<void> {
    if (this.isReleased) return Promise.resolve();
    const { promise } = this.renewal;
    if (!this.isRenewing) this.renewals.wake();
    return promise;
  }

  /** Gives the worker id back. What is reserved may still be issued, for jobs that are just ending. */
  async onApplicationShutdown(): Promise<void> {
    this.isReleased = true;
    await this.renewals.stop();
    if (!this.held) return;
    try {
      await this.bounded(this.lease.release(this.held));
    } catch (error) {
      this.logger.warn(
        `Worker id ${this.workerId} was not given back and expires by itself: ${String(error)}`,
      );
    }
  }

  /** @returns milliseconds until the next renewal */
  private async renewOnce(): Promise<number> {
    this.isRenewing = true;
    try {
      // Again if the clock jumped while the answer was on its way: callers that joined this renewal need it to cover now.
      do await this.extend();
      while (this.clock.now() >= this.reservedUntilMs && this.reservedUntilMs < SNOWFLAKE_END_MS);
      this.hasFailed = false;
      return this.reservationMs / 3;
    } catch (error) {
      this.hasFailed = true;
      throw error;
    } finally {
      // In one step with the last look at the clock: a caller from here on starts a renewal of its own.
      this.isRenewing = false;
      this.renewal.resolve();
      this.renewal = Promise.withResolvers();
    }
  }

  private async extend(): Promise<void> {
    const untilMs = this.horizon(this.lastMs);
    if (await this.bounded(this.lease.reserve(this.held!, untilMs))) {
      this.reservedUntilMs = Math.max(this.reservedUntilMs, untilMs);
    } else {
      this.logger.warn(`Worker id ${this.workerId} was taken while this process was silent: taking another`);
      await this.acquire();
    }
  }

  private async acquire(): Promise<void> {
    const held = await this.bounded(this.lease.acquire(this.clock.now()));
    const untilMs = this.horizon(Math.max(held.floorMs, this.lastMs + 1));
    await this.reserveFirst(held, untilMs);
    // No await from here on. The old worker id went on issuing meanwhile, so time begins after its very last id:
    // within one millisecond a smaller worker id would give a smaller id.
    this.held = held;
    this.lastMs = Math.max(held.floorMs, this.lastMs + 1);
    this.reservedUntilMs = untilMs;
  }

  /** @throws IdLeaseLostError; a worker id that can't be used is not kept from others meanwhile. */
  private async reserveFirst(held: HeldWorkerId, untilMs: number): Promise<void> {
    try {
      if (await this.bounded(this.lease.reserve(held, untilMs))) return;
    } catch (error) {
      void this.lease.release(held).catch(() => undefined);
      throw error;
    }
    throw new IdLeaseLostError(`Worker id ${held.workerId} was lost before it could be used`);
  }

  private horizon(fromMs: number): number {
    return Math.min(Math.max(this.clock.now(), fromMs) + this.reservationMs, SNOWFLAKE_END_MS);
  }

  /** While renewals fail only the timer retries: a burst of callers must not become a burst of statements. */
  private renewSoon(): void {
    if (!this.hasFailed) void runWithin(undefined, () => this.renew());
  }

  /** A late answer is harmless: at worst it reserves more, or holds a worker id until it expires. */
  private bounded<T>(work: Promise<T>): Promise<T> {
    return withDeadline(
      work,
      LEASE_DEADLINE_MS,
      () => new IdLeaseLostError('The main cluster did not answer'),
    );
  }
}
