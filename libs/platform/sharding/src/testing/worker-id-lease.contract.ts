import { expect, it } from 'vitest';
import { IdLeaseLostError, type WorkerIdLease } from '../ids/worker-id.lease.js';

const DAY_MS = 86_400_000;

export interface LeaseUnderTest {
  lease: WorkerIdLease;
  /** Lets every lease run out that is held now. */
  expireAll(): Promise<void>;
  /** By which leases end. */
  serverNowMs(): Promise<number>;
}

/**
 * What every kind of worker-id lease must do.
 * @param fresh makes a lease with exactly `workerIds` ids that no process holds.
 */
export function workerIdLeaseContract(fresh: (workerIds: number) => Promise<LeaseUnderTest>): void {
  it('gives each of many concurrent askers another worker id, then says that there are no more', async () => {
    const { lease } = await fresh(40);
    const held = await Promise.all(Array.from({ length: 40 }, () => lease.acquire(0)));
    expect(new Set(held.map(({ workerId }) => workerId)).size).toBe(40);
    await expect(lease.acquire(0)).rejects.toThrow(IdLeaseLostError);
  });

  it('keeps the reservation as the floor of the next holder after a release', async () => {
    const { lease } = await fresh(1);
    const first = await lease.acquire(0);
    expect(first.floorMs).toBe(0);
    expect(await lease.reserve(first, 5_000)).toBe(true);
    await lease.release(first);
    const second = await lease.acquire(0);
    expect(second).toMatchObject({ workerId: first.workerId, floorMs: 5_000 });
    expect(second.holder).not.toBe(first.holder);
  });

  it('lets an expired worker id be taken, and its old holder reserve nothing more', async () => {
    const { lease, expireAll } = await fresh(1);
    const paused = await lease.acquire(0);
    await lease.reserve(paused, 7_000);
    await expireAll();
    const successor = await lease.acquire(0);
    expect(successor.floorMs).toBe(7_000);
    expect(await lease.reserve(paused, 99_000)).toBe(false);
    await lease.release(paused);
    expect(await lease.reserve(successor, 8_000)).toBe(true);
  });

  it('lets a holder that was silent go on when no other one took its id', async () => {
    const { lease, expireAll } = await fresh(1);
    const held = await lease.acquire(0);
    await expireAll();
    expect(await lease.reserve(held, 1_000)).toBe(true);
    await expect(lease.acquire(0)).rejects.toThrow(IdLeaseLostError);
  });

  it('never shortens a reservation', async () => {
    const { lease } = await fresh(1);
    const held = await lease.acquire(0);
    await lease.reserve(held, 9_000);
    expect(await lease.reserve(held, 1_000)).toBe(true);
    await lease.release(held);
    expect((await lease.acquire(0)).floorMs).toBe(9_000);
  });

  it('reserves up to a day of a clock that is a day fast, nothing years ahead, and keeps the lease all the same', async () => {
    const { lease, serverNowMs } = await fresh(1);
    const held = await lease.acquire(0);
    const nowMs = await serverNowMs();
    expect(await lease.reserve(held, nowMs + 2 * DAY_MS - 5_000)).toBe(true);
    await expect(lease.reserve(held, nowMs + 1_000 * DAY_MS)).rejects.toThrow(IdLeaseLostError);
    await expect(lease.acquire(0)).rejects.toThrow(IdLeaseLostError);
    await lease.release(held);
    expect(await lease.acquire(0)).toMatchObject({ floorMs: nowMs + 2 * DAY_MS - 5_000 });
    expect(await lease.reserve(held, nowMs + 1_000 * DAY_MS)).toBe(false);
  });

  it('prefers a worker id whose reservation is past', async () => {
    const { lease } = await fresh(2);
    const ahead = await lease.acquire(1_000);
    await lease.reserve(ahead, 50_000);
    await lease.release(ahead);
    expect((await lease.acquire(1_000)).workerId).not.toBe(ahead.workerId);
    expect(await lease.acquire(1_000)).toMatchObject({ workerId: ahead.workerId, floorMs: 50_000 });
  });
}
