const SLICES = 5;
/** What is shorter passes in one piece: a slice would be no longer than the clock's own grain. */
const LEAST_SLICED_MS = 100;

/**
 * As `setTimeout`, for an answer that comes by the network: at most a fifth of the time passes in one turn of the event loop.
 * A process that is busy for long hears of everything afterwards, its timers first, and would take a server that has
 * answered in time for one that is silent.
 * @returns what ends it
 */
export function loopTimeout(expire: () => void, ms: number): () => void {
  let left = ms < LEAST_SLICED_MS ? 1 : SLICES;
  const sliceMs = ms / left;
  const pass = () => {
    if (left === 0) expire();
    else {
      left -= 1;
      timer = setTimeout(pass, sliceMs);
    }
  };
  let timer: NodeJS.Timeout;
  pass();
  return () => clearTimeout(timer);
}
