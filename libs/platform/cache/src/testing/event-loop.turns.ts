/** @returns how many turns of the event loop others had while `work` went on */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let [turns, counting] = [0, true];
  const count = (): void => {
    if (!counting) return;
    turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  try {
    await work();
  } finally {
    counting = false;
  }
  return turns;
}
