/**
 * Runs `work` on every item, at most `limit` at once, in order of the items. The first failure ends it: nothing new is
 * begun, what is under way is waited for, then the failure is thrown. An aborted `signal` ends it in the same way.
 */
export async function forEachBounded<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failure: { reason: unknown } | undefined;
  const lane = async () => {
    while (failure === undefined) {
      const next = queue.next();
      if (next.done === true) return;
      try {
        signal?.throwIfAborted();
        await work(next.value);
      } catch (reason) {
        failure ??= { reason };
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failure !== undefined) throw failure.reason;
}
