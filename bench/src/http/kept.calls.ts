import { setTimeout as pause } from 'node:timers/promises';
import { createPool, type Pool as DatabasePool, type RowDataPacket } from 'mysql2/promise';
import { Pool } from 'undici';
import type { BurstJob, LoadCall, LoadReport, SettleJob } from './load.jobs.js';
import { nextKey } from './order.keys.js';

type Report = Omit<LoadReport, 'cpuSeconds'>;

/** How often it is looked how many messages are left. */
const LOOK_MS = 50;
/** What is left to be worked on by now: by the index of the relay's lanes. */
const LEFT =
  "SELECT COUNT(*) AS messages FROM outbox WHERE state IN ('pending', 'published') AND run_at <= NOW(3)";

/** Counts what calls have ended with. */
class Outcomes {
  private readonly latenciesMs: number[] = [];
  private readonly wrong: Record<string, number> = {};
  private readonly startedMs = performance.now();

  constructor(private readonly pool: Pool) {}

  get ranMs(): number {
    return performance.now() - this.startedMs;
  }

  async send({ method, path, headers, body }: LoadCall): Promise<void> {
    const beganMs = performance.now();
    const status = await this.statusOf({
      method,
      path,
      headers: { ...headers, 'idempotency-key': nextKey() },
      body,
    });
    if (status === 200 || status === 201) this.latenciesMs.push(performance.now() - beganMs);
    else this.wrong[status] = (this.wrong[status] ?? 0) + 1;
  }

  report(): Report {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
    return {
      done: sorted.length,
      ms: this.ranMs,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      wrong: this.wrong,
    };
  }

  private async statusOf({
    body,
    ...call
  }: {
    method: 'GET' | 'POST';
    path: string;
    headers: Record<string, string>;
    body: string | undefined;
  }) {
    try {
      const answer = await this.pool.request({ ...call, body: body ?? null });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return 'no answer';
    }
  }
}

/** A closed loop of orders that rests while too many messages are left. */
export async function placeWhileSettled(job: SettleJob): Promise<Report> {
  const { url, connections, ms, calls, primaryUrl, mostMessages } = job;
  const database = createPool({ uri: primaryUrl, connectionLimit: 1 });
  const pool = new Pool(url, { connections });
  const outcomes = new Outcomes(pool);
  let looks = 0;
  let next = 0;
  let open = Promise.resolve();
  const over = () => outcomes.ranMs >= ms;
  const look = async () => {
    while (!over()) {
      looks += 1;
      if ((await messagesLeft(database)) <= mostMessages) return;
      await pause(LOOK_MS);
    }
  };
  const looking = (async () => {
    for (; !over(); await pause(LOOK_MS)) await (open = look());
  })();
  const placer = async () => {
    for (await open; !over(); await open) await outcomes.send(calls[next++ % calls.length]!);
  };
  await Promise.all(Array.from({ length: connections }, placer));
  const report = outcomes.report();
  await looking;
  await Promise.all([pool.close(), database.end()]);
  return { ...report, looks };
}

/** Each call once. */
export async function burst({ url, connections, calls }: BurstJob): Promise<Report> {
  const pool = new Pool(url, { connections });
  const outcomes = new Outcomes(pool);
  await Promise.all(calls.map((call) => outcomes.send(call)));
  const report = outcomes.report();
  await pool.close();
  return report;
}

async function messagesLeft(database: DatabasePool): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(LEFT);
  return Number(rows[0]?.['messages']);
}
