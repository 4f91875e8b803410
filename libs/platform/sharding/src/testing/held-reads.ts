import { type Gate, gate } from '@fourfold-tools/testing';
import type { ShardRegistry } from '../routing/shard.registry.js';

/** A registry whose next read of a shard, outside a transaction, is held up with its answer. */
export class HeldReads {
  readonly registry: ShardRegistry;
  private held: { shard: string; read: Gate<void>; goes: Gate<void> } | undefined;

  constructor(registry: ShardRegistry) {
    const run: ShardRegistry['run'] = async (shard, work, deadlineMs) => {
      const answer = await registry.run(shard, work, deadlineMs);
      const { held } = this;
      if (held?.shard === shard) {
        this.held = undefined;
        held.read.open();
        await held.goes.passed;
      }
      return answer;
    };
    this.registry = new Proxy(registry, {
      get: (target, name) => {
        if (name === 'run') return run;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** @returns when the read has its answer, and what lets it go on with it */
  holdNext(shard: string): { read: Promise<void>; release: () => void } {
    const held = { shard, read: gate(), goes: gate() };
    this.held = held;
    return { read: held.read.passed, release: () => held.goes.open() };
  }
}
