import type { ShardRouter } from '@fourfold/sharding';
import type { Death } from './users.process.js';

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing may happen any more.
  for (;;);
}

/** The router of one saga, which ends the process at one of its calls, or at `end` when it made fewer. */
export function dyingRouter(
  router: ShardRouter,
  death: Death | undefined,
): { router: ShardRouter; end(): void } {
  if (!death) return { router, end: () => {} };
  let calls = 0;
  const dying =
    <A extends unknown[], T>(ask: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (++calls !== death.call) return ask(...args);
      if (death.when === 'before') die();
      const answer = ask(...args);
      if (death.when === 'during') setTimeout(die, death.delayMs);
      await answer;
      return die();
    };
  const mortal = Object.assign(Object.create(router) as ShardRouter, {
    read: dying(router.read.bind(router)),
    write: dying(router.write.bind(router)),
  });
  return { router: mortal, end: die };
}
