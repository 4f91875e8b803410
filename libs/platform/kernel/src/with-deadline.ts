/**
 * Settles as `work` does, or rejects with `onTimeout()` after `deadlineMs`. The work itself goes on: only use it where
 * a late result is harmless.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
  onTimeout: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(onTimeout()), deadlineMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
