import { type PreparedOrder, prepareReplay } from '@fourfold-tools/import';
import { type DueCall, orderCall } from './call.js';

export interface ReplayChoice {
  /** In the UCI "Online Retail" layout. */
  file: string;
  /** How many times as fast as they were placed. */
  speed: number;
  url: string;
  token: string;
  run: string;
  signal: AbortSignal;
  report: (line: string) => void;
}

/**
 * The orders of a file, each due when it was placed, counted from the first one. Products and customers are loaded
 * before.
 * @throws MalformedFileError, ApiProblem, ApiUnreachable
 */
export async function replayedOrders({ file, speed, run, ...platform }: ReplayChoice): Promise<DueCall[]> {
  const orders = await prepareReplay(file, { ...platform, baseUrl: platform.url });
  return dueCalls(orders, { speed, run });
}

/** Invoices have minutes: those of one minute are spread over it, in the order of the file. */
export function dueCalls(
  orders: readonly PreparedOrder[],
  { speed, run }: Pick<ReplayChoice, 'speed' | 'run'>,
): DueCall[] {
  const minutes = [...Map.groupBy(orders, ({ placedAtMs }) => placedAtMs)].sort(([a], [b]) => a - b);
  const [[firstMs] = [0]] = minutes;
  return minutes.flatMap(([placedAtMs, its]) =>
    its.map(({ userId, items }, index) => ({
      atMs: (placedAtMs - firstMs + (index * 60_000) / its.length) / speed,
      call: orderCall(run, userId, items),
    })),
  );
}
