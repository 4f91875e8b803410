import { isDuplicateKey, isMissingTable, isRetryableConflict } from '@fourfold/db-routing';
import type { SqlExecutor } from '../sql/sql-executor.js';
import { evenTopology, type EvenTopologyOptions } from './even-topology.js';
import { storedTopology } from './stored-topology.js';
import { parseTopology, type Topology } from './topology.document.js';
import { InvalidTopologyError, StaleTopologyError, TopologyMissingError } from './topology.errors.js';

/** Uses the primary key backwards: one row is read. */
const SELECT_CURRENT = 'SELECT epoch, document FROM shard_topology ORDER BY epoch DESC LIMIT 1';

/** What tells one topology from another, without its document. Primary key backwards. */
const SELECT_HEAD = `
  SELECT epoch, SHA2(document, 256) AS digest FROM shard_topology ORDER BY epoch DESC LIMIT 1`;

/** The primary key decides a race: of two with the same epoch it refuses the second. */
const INSERT = 'INSERT INTO shard_topology (epoch, document, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))';

const ATTEMPTS = 4;

/** The current topology by its epoch and the SHA-256 of its document, in hexadecimal. */
export interface TopologyHead {
  epoch: number;
  digest: string;
}

/** The durable topology: the main cluster is the authority, and every epoch stays as history. */
export class TopologyStore {
  constructor(private readonly main: SqlExecutor) {}

  /**
   * The topology of the highest epoch.
   * @throws TopologyMissingError before `initialise`; InvalidTopologyError when the stored document is damaged.
   */
  async current(): Promise<Topology> {
    const found = await this.#find();
    if (found === undefined) throw new TopologyMissingError();
    return found;
  }

  /** @throws TopologyMissingError before `initialise`. */
  async head(): Promise<TopologyHead> {
    const row = await this.#first<TopologyHead>(SELECT_HEAD);
    if (row === undefined) throw new TopologyMissingError();
    return { epoch: Number(row.epoch), digest: row.digest };
  }

  /**
   * Writes the first, even topology unless there is one. Safe to run any number of times and by many at once: the
   * first writer wins, and all get what is stored, which may have other shards and another hash than asked for.
   * @throws InvalidTopologyError when the names can't form a topology, or the hash is unknown.
   */
  async initialise(shardNames: readonly string[], options?: EvenTopologyOptions): Promise<Topology> {
    const existing = await this.#find();
    if (existing !== undefined) return existing;
    await this.#insert(evenTopology(shardNames, options));
    return this.current();
  }

  /**
   * Makes `next` the current topology: compare-and-set on the epoch, which must be one more than the current one.
   * Processes learn of it from `TopologyPublisher`, or by themselves a little later. After an error of the connection it
   * is not known whether it was written: read `current` before trying again.
   * @throws InvalidTopologyError; StaleTopologyError when the current epoch is another. Nothing is written then.
   */
  async publish(next: Topology): Promise<Topology> {
    const checked = parseTopology(next);
    const { epoch, hashId } = await this.current();
    if (checked.epoch !== epoch + 1) throw new StaleTopologyError(checked.epoch, epoch);
    if (checked.hashId !== hashId)
      throw new InvalidTopologyError(
        `The hash of a ring stays what it is: this one's is ${hashId}, and by ${checked.hashId} no row would be found`,
      );
    if (await this.#insert(checked)) return checked;
    throw new StaleTopologyError(checked.epoch, (await this.head()).epoch);
  }

  /** @returns whether this one was written: false when there is one of its epoch. */
  async #insert(topology: Topology): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.main.query(INSERT, [topology.epoch, JSON.stringify(topology)]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        // Two that waited for a third one's row, which was taken back, are each other's deadlock.
        if (attempt >= ATTEMPTS || !isRetryableConflict(error)) throw error;
      }
    }
  }

  async #find(): Promise<Topology | undefined> {
    const row = await this.#first<{ epoch: unknown; document: unknown }>(SELECT_CURRENT);
    return row && storedTopology(Number(row.epoch), row.document);
  }

  async #first<T>(select: string): Promise<T | undefined> {
    try {
      const [row] = await this.main.query<T[]>(select);
      return row;
    } catch (error) {
      if (isMissingTable(error)) throw new TopologyMissingError(error);
      throw error;
    }
  }
}
