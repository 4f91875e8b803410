import type { EntityManager } from 'typeorm';
import { CaptureLog } from '../fence/capture.log.js';
import type { Fence, FenceMode } from '../fence/fence.js';
import { ShardFences } from '../fence/shard.fences.js';
import { slotOf } from '../ring/slot.js';
import { parseTopology, type Topology } from '../ring/topology.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import { Account } from './test-shards.js';

const DEADLINE_MS = 10_000;
const TOKEN = 1;

/** Moves the account of one key from its shard to another, step by step, at the word of a test. */
export class MovingSlot {
  readonly slot: number;
  readonly fences: ShardFences;
  readonly log: CaptureLog;

  constructor(
    private readonly registry: ShardRegistry,
    private readonly key: string,
    readonly source: string,
    readonly target: string,
  ) {
    this.slot = slotOf(key);
    this.fences = new ShardFences(registry);
    this.log = new CaptureLog(registry);
  }

  private get range() {
    return { from: this.slot, to: this.slot };
  }

  capture(): Promise<void> {
    return this.change(this.source, ['open'], { mode: 'capture' });
  }

  freeze(thawAfterMs?: number): Promise<void> {
    return this.change(this.source, ['capture'], { mode: 'frozen' }, thawAfterMs);
  }

  /** The source gives the slot up, and then the target takes it. */
  async handOff(epoch = 2): Promise<void> {
    await this.change(this.source, ['frozen'], { mode: 'foreign', owner: this.target, epoch });
    await this.change(this.target, ['foreign'], { mode: 'open', owner: this.target, epoch });
  }

  /** What the source has of the key now is what the target has, whether it has it or not. */
  async copy(): Promise<void> {
    const row = await this.on(this.source);
    await this.registry.transaction(this.target, async (manager) => {
      await manager.delete(Account, { id: this.key });
      if (row) await manager.insert(Account, row);
    });
  }

  /** Applies what was captured. */
  async drain(): Promise<void> {
    for (const { id } of await this.log.pending(this.source, this.range, 100)) {
      await this.copy();
      await this.log.forget(this.source, [id], TOKEN);
    }
  }

  /** Without a fence: a look at a shard. */
  on(shard: string): Promise<Account | null> {
    return this.registry.read(shard, (manager) => manager.findOneBy(Account, { id: this.key }));
  }

  async fenceOn(shard: string): Promise<Fence> {
    const [fence] = await this.fences.read(shard, this.range);
    return fence!;
  }

  /** A write as it is without fences. */
  unfenced<T>(shard: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.registry.transaction(shard, work);
  }

  private change(
    shard: string,
    from: FenceMode[],
    to: Partial<Fence> & Pick<Fence, 'mode'>,
    thawAfterMs?: number,
  ): Promise<void> {
    const thaw = thawAfterMs === undefined ? {} : { thawAfterMs };
    const { range } = this;
    return this.fences.change(shard, { range, from, to, token: TOKEN, deadlineMs: DEADLINE_MS, ...thaw });
  }
}

/** `topology` one epoch on, with one slot on another shard. */
export function withSlotOn(topology: Topology, slot: number, target: string): Topology {
  const slots = topology.slots.flatMap(({ from, to, shard }) =>
    slot < from || slot > to
      ? [{ from, to, shard }]
      : [
          { from, to: slot - 1, shard },
          { from: slot, to: slot, shard: target },
          { from: slot + 1, to, shard },
        ].filter((run) => run.from <= run.to),
  );
  return parseTopology({ ...topology, epoch: topology.epoch + 1, slots });
}
