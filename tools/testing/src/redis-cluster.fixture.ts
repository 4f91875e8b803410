import { freePorts } from '@fourfold-tools/stack';
import { eventually } from './eventually.js';
import { HOST, RedisProcesses } from './redis.processes.js';

const SLOTS = 16_384;
/** A node that is silent for so long is given up. */
const NODE_TIMEOUT_MS = 1_000;
/** Owners of slots; a replica of one of them comes on top. */
const OWNERS = 3;

/**
 * A Cluster of a test's own: three nodes with a third of the slots each, and a replica of the one that has the keys with
 * the tag `{test}`.
 */
export class RedisClusterFixture {
  /** Of the tag. */
  readonly slot: number;

  private constructor(
    private readonly servers: RedisProcesses,
    private readonly ports: readonly number[],
    slot: number,
  ) {
    this.slot = slot;
  }

  /** @param settings of all nodes, as arguments of `redis-server` */
  static async start(...settings: readonly string[]): Promise<RedisClusterFixture> {
    const fixture = await RedisClusterFixture.startIncomplete(0, ...settings);
    await fixture.joined();
    await fixture.startReplica();
    return fixture;
  }

  /** @param missing slots at the end that no node has, and no replica */
  static async startIncomplete(missing: number, ...settings: string[]): Promise<RedisClusterFixture> {
    // Two each: clients and the bus of the Cluster.
    const ports = await freePorts(2 * (OWNERS + 1));
    const servers = new RedisProcesses();
    const all = ports.slice(0, OWNERS + 1);
    for (const [i, port] of all.entries()) {
      const bus = String(ports[OWNERS + 1 + i]);
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', bus];
      const pace = [
        '--cluster-node-timeout',
        String(NODE_TIMEOUT_MS),
        '--cluster-replica-validity-factor',
        '0',
      ];
      await servers.startRedis(port, ...cluster, ...pace, ...settings);
      const [first, end] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / OWNERS)) as [number, number];
      if (i < OWNERS)
        await servers.ask(
          port,
          'CLUSTER',
          'ADDSLOTSRANGE',
          first,
          end - 1 - (i === OWNERS - 1 ? missing : 0),
        );
      if (i > 0) await servers.ask(all[0]!, 'CLUSTER', 'MEET', HOST, port, bus);
    }
    const slot = Number(await servers.ask(all[0]!, 'CLUSTER', 'KEYSLOT', '{test}'));
    return new RedisClusterFixture(servers, all, slot);
  }

  get url(): string {
    return `redis+cluster://${this.ports.map((port) => `${HOST}:${port}`).join(',')}`;
  }

  /** One node of it. */
  get plainUrl(): string {
    return `redis://${HOST}:${this.ports[0]}`;
  }

  /** Ports of the nodes that have slots at first. */
  get owners(): readonly number[] {
    return this.ports.slice(0, OWNERS);
  }

  get nodes(): readonly { host: string; port: number }[] {
    return this.ports.map((port) => ({ host: HOST, port }));
  }

  /** The port of the node that has the slot. */
  async owner(): Promise<number> {
    for (const port of this.ports) {
      const owner = await this.ownerSeenBy(port).catch(() => undefined);
      if (owner !== undefined) return owner;
    }
    throw new Error('No node knows who has the slot');
  }

  ask(port: number, command: string, ...parameters: (string | number)[]): Promise<unknown> {
    return this.servers.ask(port, command, ...parameters);
  }

  /** What the owner is told from now on is lost with it. */
  async loseReplication(): Promise<void> {
    const [replica, owner] = [this.ports[OWNERS]!, await this.owner()];
    await this.servers.replicated(replica, owner);
    await this.servers.cutOff(replica, owner);
  }

  /** Kills the owner, and waits until the replica has the slot, and all that are left say that the Cluster is well. */
  async failOver(): Promise<void> {
    const replica = this.ports[OWNERS]!;
    await this.servers.kill(await this.owner());
    this.servers.thaw(replica);
    await eventually(async () => (await this.ownerSeenBy(replica)) === replica, { deadlineMs: 60_000 });
    await this.joined(1);
  }

  /** Of the node that has the slot. */
  async askMaster(command: string, ...parameters: (string | number)[]): Promise<unknown> {
    return this.servers.ask(await this.owner(), command, ...parameters);
  }

  /** Hands the slot with all that is in it to another node, as `redis-cli --cluster reshard` does. @param meanwhile half-way */
  async moveSlot(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    const from = await this.owner();
    const to = this.owners.find((port) => port !== from)!;
    const idOf = async (port: number) => String(await this.ask(port, 'CLUSTER', 'MYID'));
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    await this.ask(to, 'CLUSTER', 'SETSLOT', this.slot, 'IMPORTING', fromId);
    await this.ask(from, 'CLUSTER', 'SETSLOT', this.slot, 'MIGRATING', toId);
    const keys = (await this.ask(from, 'CLUSTER', 'GETKEYSINSLOT', this.slot, 1_000_000)) as string[];
    const half = Math.ceil(keys.length / 2);
    const move = (some: string[]) =>
      some.length === 0 || this.ask(from, 'MIGRATE', HOST, to, '', 0, 10_000, 'KEYS', ...some);
    await move(keys.slice(0, half));
    await meanwhile();
    await move(keys.slice(half));
    for (;;) {
      const late = (await this.ask(from, 'CLUSTER', 'GETKEYSINSLOT', this.slot, 1_000_000)) as string[];
      if (late.length === 0) break;
      await move(late);
    }
    await this.ask(to, 'CLUSTER', 'SETSLOT', this.slot, 'NODE', toId);
    for (const port of this.ports)
      if (port !== to) await this.ask(port, 'CLUSTER', 'SETSLOT', this.slot, 'NODE', toId).catch(() => {});
  }

  dispose(): Promise<void> {
    return this.servers.dispose();
  }

  /** @param gone nodes that were killed */
  private async joined(gone = 0): Promise<void> {
    const up = async (port: number) =>
      String(await this.ask(port, 'CLUSTER', 'INFO').catch(() => '')).includes('cluster_state:ok');
    await eventually(
      async () => (await Promise.all(this.ports.map(up))).filter(Boolean).length === this.ports.length - gone,
    );
  }

  private async startReplica(): Promise<void> {
    const [replica, owner] = [this.ports[OWNERS]!, await this.owner()];
    const id = String(await this.ask(owner, 'CLUSTER', 'MYID'));
    await eventually(() => this.ask(replica, 'CLUSTER', 'REPLICATE', id).then(() => true));
    await eventually(async () =>
      String(await this.ask(replica, 'INFO', 'replication')).includes('master_link_status:up'),
    );
    // The owner's peers must know of it before they vote.
    await eventually(async () =>
      String(await this.ask(this.ports[0]!, 'CLUSTER', 'NODES')).includes(' slave '),
    );
  }

  private async ownerSeenBy(port: number): Promise<number | undefined> {
    const ranges = (await this.ask(port, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    return ranges.find(([first, last]) => first <= this.slot && this.slot <= last)?.[2][1];
  }
}
