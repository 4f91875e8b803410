import { beginSpan, isRecorded, traced } from '@fourfold/observability/tracing';
import type { L2Read } from './l2/l2-read.js';

/** Attributes of one look-up in a level: how many keys were asked for, and how many of them it had. */
const found = (keys: number, hits: number) => ({ 'cache.keys': keys, 'cache.hits': hits });

/** A look into L1, which is over when it is told. To be called where tracing is on. */
export function noteL1(namespace: string, keys: number, hits: number): void {
  if (!isRecorded()) return;
  beginSpan('cache L1', { attributes: { 'cache.namespace': namespace, ...found(keys, hits) } }).end();
}

/** A look into L2, which has just been sent. */
export function throughL2(namespace: string, asked: Promise<L2Read[]>): Promise<L2Read[]> {
  return traced('cache L2', { attributes: { 'cache.namespace': namespace } }, async (span) => {
    const reads = await asked;
    span?.setAttributes(found(reads.length, reads.filter(({ kind }) => kind === 'hit').length));
    return reads;
  });
}

/** @returns `load` in a span: what neither level had. */
export function throughLoader<T>(
  namespace: string,
  load: (ids: string[]) => Promise<T>,
): (ids: string[]) => Promise<T> {
  return (ids) => {
    const attributes = { 'cache.namespace': namespace, 'cache.keys': ids.length };
    return traced('cache load', { attributes }, () => load(ids));
  };
}
