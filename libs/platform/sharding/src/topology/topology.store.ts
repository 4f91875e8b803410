import { isDuplicateKey, isMissingTable } from '@fourfold/db-routing';
import type { SqlExecutor } from '../sql/sql-executor.js';
import { evenTopology } from './even-topology.js';
import { parseTopology, type Topology } from './topology.document.js';
import { StaleTopologyError, TopologyMissingError } from './topology.errors.js';

/** Uses the primary key backwards: one row is read. */
const SELECT_CURRENT = 'SELECT document FROM shard_topology ORDER BY epoch DESC LIMIT 1';

/** What tells one topology from another, without its document. Primary key backwards. */
const SELECT_HEAD = `
  SELECT epoch, SHA2(document, 256) AS digest FROM shard_topology ORDER BY epoch DESC LIMIT 1`;

/** The primary key decides the race; the loser's statement changes nothing. */
const INSERT_FIRST = `
  INSERT INTO shard_topology (epoch, document, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))
  ON DUPLICATE KEY UPDATE epoch = shard_topology.epoch`;

/** Only as the successor of the current one. Of two at once the primary key refuses the second. */
const INSERT_NEXT = `
  INSERT INTO shard_topology (epoch, document, created_at)
  SELECT ?, ?, UTC_TIMESTAMP(3) FROM (SELECT MAX(epoch) AS epoch FROM shard_topology) AS head
  WHERE head.epoch = ?`;

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
    const [row] = await this.main.query<TopologyHead[]>(SELECT_HEAD);
    if (row === undefined) throw new TopologyMissingError();
    return { epoch: Number(row.epoch), digest: row.digest };
  }

  /**
   * Writes the first, even topology unless there is one. Safe to run any number of times and by many at once: the
   * first writer wins, and all get what is stored, which may name other shards than asked for.
   * @throws InvalidTopologyError when the names can't form a topology.
   */
  async initialise(shardNames: readonly string[]): Promise<Topology> {
    const existing = await this.#find();
    if (existing !== undefined) return existing;
    const first = evenTopology(shardNames);
    await this.main.query(INSERT_FIRST, [first.epoch, JSON.stringify(first)]);
    return this.current();
  }

  /**
   * Makes `next` the current topology: compare-and-set on the epoch, which must be one more than the current one.
   * Processes learn of it from `TopologyPublisher`, or by themselves a little later.
   * @throws InvalidTopologyError; StaleTopologyError when the current epoch is another. Nothing is written then.
   */
  async publish(next: Topology): Promise<Topology> {
    const checked = parseTopology(next);
    if (!(await this.#append(checked)))
      throw new StaleTopologyError(checked.epoch, (await this.head()).epoch);
    return checked;
  }

  async #append(next: Topology): Promise<boolean> {
    const parameters = [next.epoch, JSON.stringify(next), next.epoch - 1];
    try {
      const { affectedRows } = await this.main.query<{ affectedRows: number }>(INSERT_NEXT, parameters);
      return affectedRows === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async #find(): Promise<Topology | undefined> {
    try {
      const [row] = await this.main.query<{ document: unknown }[]>(SELECT_CURRENT);
      return row && parseTopology(row.document);
    } catch (error) {
      if (isMissingTable(error)) throw new TopologyMissingError(error);
      throw error;
    }
  }
}
