import type { components, FourfoldClient } from '@fourfold/client';
import { ApiProblem } from './api.errors.js';
import { forEachBounded } from './bounded.js';
import type { ImportContext } from './import.context.js';
import { patientRetries } from './retry.policy.js';

export type Order = components['schemas']['Order'];

export interface PlacedOrder {
  order: Order;
  /** This very order had been accepted before: the first answer came again. */
  replayed: boolean;
}

/** A window and not everything: with thousands of orders waiting, asking for all would slow what they wait for. */
const WINDOW = 64;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** So long without a single order leaving `pending` means that no worker is settling them. */
const IDLE_DEADLINE_MS = 120_000;

export interface SettlementTiming {
  now(): number;
  pause(ms: number, signal?: AbortSignal): Promise<unknown>;
}

const realTiming: SettlementTiming = {
  now: () => performance.now(),
  pause: (ms, signal) => patientRetries.pause(ms, signal),
};

/**
 * Asks for the orders, oldest first, until each has left `pending`. Gives those that did, in their final state; the
 * rest was still pending when nothing had moved for two minutes.
 */
export async function settleOrders(
  { client, concurrency, progress, signal }: ImportContext,
  placed: readonly PlacedOrder[],
  timing: SettlementTiming = realTiming,
): Promise<Order[]> {
  progress.begin('settled', placed.length);
  const settled: Order[] = [];
  let waiting = [...placed];
  let movedAt = timing.now();
  let pauseMs = SHORTEST_PAUSE_MS;
  while (waiting.length > 0) {
    const asked = waiting.slice(0, WINDOW);
    const stillPending: PlacedOrder[] = [];
    const ask = async (candidate: PlacedOrder) => {
      const order = await readIfVisible(client, candidate.order.id);
      if (order === undefined || order.status === 'pending') stillPending.push(candidate);
      else {
        settled.push(order);
        progress.advance();
      }
    };
    await forEachBounded(asked, concurrency, ask, signal);
    // To the back, or a few stuck ones would hide that the others have moved on.
    waiting = [...waiting.slice(WINDOW), ...stillPending];
    const moved = stillPending.length < asked.length;
    if (moved) movedAt = timing.now();
    else if (timing.now() - movedAt >= IDLE_DEADLINE_MS) break;
    pauseMs = moved ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    if (stillPending.length > 0) await timing.pause(pauseMs, signal);
  }
  return settled;
}

/** A node that does not know the order yet, or can't answer now, is asked again in the next round. */
async function readIfVisible(client: FourfoldClient, id: string): Promise<Order | undefined> {
  try {
    return (await client.GET('/v1/orders/{id}', { params: { path: { id } } })).data;
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 404 || error.status >= 500)) return undefined;
    throw error;
  }
}
