import { arrivals, type Call, openLoop, type Outcome } from '@fourfold-tools/load';
import { seeded } from '@fourfold-tools/testing';
import type { PhasedJob, PhaseReport, SecondReport } from '../http/load.jobs.js';
import { RawSender } from './raw.sender.js';

/** Calls under way for one connection: beyond, the platform is far behind and the run has shown it. */
const BACKLOG = 50;

/** A later answer is worth nothing to whom it is for. */
const IN_TIME_MS = 1_000;

type Kind = 'accepted' | 'refused' | 'failed';

/** What the calls of a stretch of time have ended with. */
class Stretch {
  private readonly ms: Record<Kind, number[]> = { accepted: [], refused: [], failed: [] };
  private orders = 0;

  note({ route, tookMs, status }: Outcome): void {
    const kind = kindOf(status);
    this.ms[kind].push(tookMs);
    if (kind === 'accepted' && route === 'POST') this.orders += 1;
  }

  report(): SecondReport {
    const { accepted, refused, failed } = this.ms;
    return {
      accepted: accepted.length,
      orders: this.orders,
      inTime: accepted.filter((ms) => ms <= IN_TIME_MS).length,
      refused: refused.length,
      failed: failed.length,
      acceptedP50Ms: quantile(accepted, 0.5),
      acceptedP99Ms: quantile(accepted, 0.99),
      refusedP99Ms: quantile(refused, 0.99),
    };
  }
}

/** One open loop whose rate changes from phase to phase. */
export async function phasedLoad({ url, connections, phases, calls }: PhasedJob): Promise<PhaseReport> {
  const sender = new RawSender(new URL(url), connections);
  const ends = phases.map((_phase, at) => phases.slice(0, at + 1).reduce((sum, one) => sum + one.seconds, 0));
  const byPhase = phases.map(() => new Stretch());
  const bySecond = Array.from({ length: ends.at(-1)! }, () => new Stretch());
  const recorder = {
    note: (outcome: Outcome) => {
      const second = Math.floor(outcome.dueMs / 1_000);
      bySecond[second]?.note(outcome);
      byPhase[ends.findIndex((end) => second < end)]?.note(outcome);
    },
  };
  const random = seeded(1);
  const next = () => {
    const call = calls[Math.floor(random() * calls.length)]!;
    return { ...call, route: call.method };
  };
  function* due() {
    for (const [at, { perSecond, seconds }] of phases.entries()) {
      const offsetMs = (ends[at]! - seconds) * 1_000;
      for (const { atMs, call } of arrivals({ perSecond, seconds, random }, next))
        yield { atMs: atMs + offsetMs, call };
    }
  }
  const send = (call: Call) => sender.send(call);
  const lateMs = await openLoop(due(), { send, recorder, mostAtOnce: BACKLOG * connections });
  sender.close();
  return {
    lateMs,
    phases: byPhase.map((stretch) => stretch.report()),
    seconds: bySecond.map((stretch) => stretch.report()),
  };
}

function kindOf(status: Outcome['status']): Kind {
  if (status === 503 || status === 429) return 'refused';
  return typeof status === 'number' && status < 400 ? 'accepted' : 'failed';
}

function quantile(values: number[], share: number): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
