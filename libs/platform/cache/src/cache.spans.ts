import { beginSpan, isRecorded, traced } from '@fourfold/observability/tracing';

/** Of one look into a level: how many keys were asked for, and how many of them were there. */
const found = (keys: number, hits: number) => ({ 'cache.keys': keys, 'cache.hits': hits });

/** A look into L1, which is over when it is told. To be called where tracing is on. */
export function noteL1(namespace: string, keys: number, hits: number): void {
  if (!isRecorded()) return;
  beginSpan('cache L1', { attributes: { 'cache.namespace': namespace, ...found(keys, hits) } }).end();
}

/** A look into L2. @param isHit of each of what it gives */
export function throughL2<T>(
  namespace: string,
  look: () => Promise<readonly T[]>,
  isHit: (read: T) => boolean,
): Promise<readonly T[]> {
  return traced('cache L2', { attributes: { 'cache.namespace': namespace } }, async (span) => {
    const reads = await look();
    span?.setAttributes(found(reads.length, reads.filter(isHit).length));
    return reads;
  });
}

/** What neither level had. */
export function throughLoader<T>(namespace: string, keys: number, load: () => Promise<T>): Promise<T> {
  return traced('cache load', { attributes: { 'cache.namespace': namespace, 'cache.keys': keys } }, load);
}
