import { isMissingTable } from '@fourfold/db-routing';
import type { SqlExecutor } from '../sql/sql-executor.js';
import { evenTopology } from './even-topology.js';
import { parseTopology, type Topology } from './topology.document.js';
import { TopologyMissingError } from './topology.errors.js';

/** Uses the primary key backwards: one row is read. */
const SELECT_CURRENT = 'SELECT document FROM shard_topology ORDER BY epoch DESC LIMIT 1';

/** The primary key decides the race; the loser's statement changes nothing. */
const INSERT_FIRST = `
  INSERT INTO shard_topology (epoch, document, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))
  ON DUPLICATE KEY UPDATE epoch = shard_topology.epoch`;

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
