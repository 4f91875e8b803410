import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { evenTopology, HashRing } from '@fourfold/sharding';
import { describeTopology, type OwnStack, repetitions, startOwnStack } from '@fourfold-tools/testing';
import { randomUUID } from 'node:crypto';
import type { OutageCalls } from './outage.load.js';
import { SHARDS, VICTIM } from './shard.outage.js';

/** So many of each shard as a run asks for: a user who is in the cache is answered without a shard. */
const USERS = repetitions({ quick: 1_000, full: 9_000 });
const BATCH = 1_000;
const BYSTANDER = 'replica-2';

/** An answer that is none. Its message is the status and the code. */
export class Refusal extends Error {}

/** A real order-api with servers of its own, and on each shard users that no call has asked for yet. */
export class ApiOutage {
  private readonly ring = new HashRing(evenTopology(SHARDS));
  private readonly fresh = new Map<string, string[]>(SHARDS.map((shard) => [shard, []]));

  private constructor(
    private readonly own: OwnStack,
    readonly platform: Platform,
  ) {}

  static async start(): Promise<ApiOutage> {
    const own = await startOwnStack(({ kind }) => kind !== 'prometheus' && kind !== 'smtp');
    const platform = await startPlatform({
      name: 'api-outage',
      servers: describeTopology(own.options),
      workers: 0,
    });
    const outage = new ApiOutage(own, platform);
    await outage.fill();
    return outage;
  }

  /** Asks for a user that no call has asked for yet. @throws Refusal when the answer is not that user */
  async ask(shard: string): Promise<void> {
    const id = this.fresh.get(shard)!.pop();
    if (id === undefined) throw new Error(`All users of ${shard} have been asked for`);
    const { status, body } = await this.platform.api.get(`/users/${id}`);
    if (status !== 200 || body['id'] !== id) throw new Refusal(`${status} ${String(body['code'])}`);
  }

  calls(): OutageCalls {
    const well = SHARDS.filter((shard) => shard !== VICTIM);
    let turn = 0;
    return {
      other: () => this.ask(well[(turn += 1) % well.length]!),
      victim: () => this.ask(VICTIM),
      everyMs: { other: 6, victim: 20 },
      beat: async () => (await fetch(`${this.platform.apis[0]!.managementUrl}/health/live`)).text(),
    };
  }

  /** Signs users up until one has only that on the victim. @returns the address */
  async addressWhere(onVictim: 'address' | 'user'): Promise<string> {
    for (;;) {
      const email = `${randomUUID()}@example.com`;
      if (this.isOnVictim(email) !== (onVictim === 'address')) continue;
      const { body } = await this.platform.api.post('/users', { name: 'Ada', email });
      if (this.isOnVictim(body.id) === (onVictim === 'user')) return email;
    }
  }

  /** SIGKILL of the victim's server. */
  kill(): Promise<void> {
    return this.own.stack.kill(VICTIM);
  }

  /** SIGKILL of a server that no search for users needs. */
  killBystander(): Promise<void> {
    return this.own.stack.kill(BYSTANDER);
  }

  /** Both. */
  async restart(): Promise<void> {
    await this.own.stack.start(BYSTANDER);
    await this.own.stack.start(VICTIM);
  }

  async stop(): Promise<void> {
    // Also after a test that failed while it was away.
    await this.restart();
    await this.platform.stop();
    await this.own.remove();
  }

  private isOnVictim(key: string): boolean {
    return this.ring.locate(key).shard === VICTIM;
  }

  private async fill(): Promise<void> {
    for (let id = 1; [...this.fresh.values()].some((ids) => ids.length < USERS); id += 1) {
      this.fresh.get(this.ring.locate(String(id)).shard)!.push(String(id));
    }
    for (const [shard, ids] of this.fresh) {
      for (let first = 0; first < ids.length; first += BATCH) {
        const rows = ids
          .slice(first, first + BATCH)
          .map((id) => [id, 'Grace', `${id}@example.com`, new Date()]);
        const sql = 'INSERT INTO users (id, name, email, created_at) VALUES ?';
        await this.platform.shards[shard]!.query(sql, [rows]);
      }
    }
  }
}
