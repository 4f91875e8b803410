import { randomUUID } from 'node:crypto';
import { ApiCaller } from '@fourfold-tools/e2e';
import { type LoadResult, runLoad } from '@fourfold-tools/load';
import { signToken } from '@fourfold-tools/token';
import type { Deployment } from '../http/deployment.js';

const ORDERS = 200;
const READS = 1_000;
const CONNECTIONS = 128;
const ENOUGH = 10_000_000;

/** Orders and reads at a fixed rate, whether the platform keeps up or not. */
export async function steadyLoad(
  deployment: Deployment,
  seconds: number,
  report: (line: string) => void,
): Promise<LoadResult> {
  const token = await signToken(deployment.options.stateDir, { role: 'operator', sub: 'bench' });
  await stockUp(new ApiCaller(deployment.apiUrl, token));
  return runLoad({
    mix: 'read-heavy',
    writeShare: ORDERS / (ORDERS + READS),
    rate: ORDERS + READS,
    seconds,
    connections: CONNECTIONS,
    seed: 1,
    replay: undefined,
    speed: 1,
    out: '',
    url: deployment.apiUrl,
    token,
    run: randomUUID(),
    signal: new AbortController().signal,
    report,
  });
}

/** No order is to be refused. */
async function stockUp(api: ApiCaller): Promise<void> {
  let cursor = '';
  do {
    const after = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await api.get(`/products?limit=100${after}`);
    for (const { id } of body.items)
      await api.call('PUT', `/products/${id}/stock`, { body: { stock: ENOUGH } });
    cursor = body.nextCursor ?? '';
  } while (cursor !== '');
}
