import { seeded } from '@fourfold-tools/testing';
import { z } from 'zod';
import { createFourfoldClient } from '@fourfold/client';
import { ApiSender } from './api.sender.js';
import { arrivals } from './arrivals.js';
import type { Answer, Call, DueCall } from './call.js';
import type { LoadChoice } from './command-line.js';
import { LoadRecorder } from './load.recorder.js';
import type { LoadResult } from './load.result.js';
import { mixOf } from './mixes.js';
import { openLoop } from './open-loop.js';
import { replayedOrders } from './replay.js';
import { SettlementWatch } from './settlement.watch.js';
import { sampleShop } from './shop.sample.js';

/** Of products and users, so many are asked for. */
const SAMPLE = 2_000;
/** Orders at once that are followed until they are settled: few, as asking for them is load as well. */
const FOLLOWED = 4;
/** Calls under way for one connection: beyond, the platform is far behind and the run has shown it. */
const BACKLOG = 100;
const PROGRESS_MS = 1_000;
const placed = z.object({ id: z.string() });

export interface LoadRun extends LoadChoice {
  url: string;
  token: string;
  /** In the idempotency keys of its orders, so that no other run has them. */
  run: string;
  signal: AbortSignal;
  report: (line: string) => void;
}

/** @throws NothingToLoadError, MalformedFileError; a call that fails is part of the result */
export async function runLoad(choice: LoadRun): Promise<LoadResult> {
  const { url, token, connections, signal, report } = choice;
  const sender = new ApiSender(url, token, connections);
  const recorder = new LoadRecorder();
  const settlements = new SettlementWatch(sender.send, FOLLOWED);
  const orderIds: string[] = [];
  const onAnswer = (call: Call, { status, body }: Answer): void => {
    if (call.method !== 'POST' || status !== 201) return;
    const { id } = placed.parse(JSON.parse(body));
    orderIds.push(id);
    settlements.accepted(id);
  };
  try {
    const { calls, seconds, perSecond, mix } = await planned(choice, orderIds);
    const startedAt = new Date().toISOString();
    const startMs = performance.now();
    const progress = setInterval(() => report(progressLine(recorder, startMs, seconds)), PROGRESS_MS);
    const options = { send: sender.send, recorder, mostAtOnce: BACKLOG * connections, signal, onAnswer };
    const lateMs = await openLoop(calls, options).finally(() => clearInterval(progress));
    const ranSeconds = signal.aborted ? (performance.now() - startMs) / 1_000 : seconds;
    const settled = signal.aborted ? undefined : await settlements.result();
    return {
      version: 1,
      startedAt,
      url,
      mix,
      perSecond,
      seconds: ranSeconds,
      lateMs,
      ...recorder.result(ranSeconds),
      ...(settled && settled.orders + settled.unsettled > 0 && { settled }),
    };
  } finally {
    await sender.close();
  }
}

interface Plan {
  calls: Iterable<DueCall>;
  seconds: number;
  perSecond: number;
  mix: string;
}

async function planned(choice: LoadRun, orderIds: string[]): Promise<Plan> {
  const { mix, writeShare, rate, seconds, seed, run, replay, speed } = choice;
  if (replay !== undefined) {
    const calls = await replayedOrders({ ...choice, file: replay, speed });
    const lasts = Math.max(1, (calls.at(-1)?.atMs ?? 0) / 1_000);
    return { calls, seconds: lasts, perSecond: calls.length / lasts, mix: `replay of ${replay} × ${speed}` };
  }
  const random = seeded(seed);
  const client = createFourfoldClient({ baseUrl: choice.url, token: choice.token });
  const shop = { ...(await sampleShop(client, SAMPLE)), orderIds };
  const next = mixOf(mix, { run, shop, random, writeShare });
  return { calls: arrivals({ perSecond: rate, seconds, random }, next), seconds, perSecond: rate, mix };
}

function progressLine(recorder: LoadRecorder, startMs: number, seconds: number): string {
  const atSecond = Math.floor((performance.now() - startMs) / 1_000);
  return `${atSecond} of ${seconds.toFixed(0)} s: ${recorder.answered} calls answered, ${recorder.errors} errors`;
}
