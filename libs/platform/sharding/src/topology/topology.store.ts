import { createHash } from 'node:crypto';
import { isDuplicateKey, isMissingTable, isRetryableConflict } from '@fourfold/db-routing';
import { appError } from '@fourfold/kernel';
import { evenTopology, InvalidTopologyError, parseTopology, type Topology } from '../ring/topology.js';
import type { SqlExecutor } from '../sql-executor.js';

/** Uses the primary key backwards: one row is read. */
const SELECT_CURRENT = 'SELECT epoch, document FROM shard_topology ORDER BY epoch DESC LIMIT 1';

/** Identifies the current topology without its document. Uses the primary key backwards. */
const SELECT_HEAD = `
  SELECT epoch, SHA2(document, 256) AS digest FROM shard_topology ORDER BY epoch DESC LIMIT 1`;

/** The primary key decides a race: of two rows with the same epoch it refuses the second. */
const INSERT = 'INSERT INTO shard_topology (epoch, document, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))';

const ATTEMPTS = 4;

/** The current topology by its epoch and the SHA-256 of its document, in hexadecimal. */
export interface TopologyHead {
  epoch: number;
  digest: string;
}

/** The topology was made from one that is not the current one any more: nothing was written. */
export class StaleTopologyError extends appError(
  'stale-topology',
  409,
  'The shard topology has changed meanwhile',
) {
  constructor(epoch: number, currentEpoch: number) {
    super(
      `Topology epoch ${epoch} does not follow the current one, which is ${currentEpoch}: read it again and plan again`,
    );
  }
}

/** The database holds no topology yet, so no key can be routed. */
export class TopologyMissingError extends appError('topology-missing', 503, 'Shard topology missing') {
  constructor(cause?: unknown) {
    super('The database holds no shard topology: run `npm run migrate`', { cause });
  }
}

/** The durable topology: the main cluster is the authority, and every epoch stays as history. */
export class TopologyStore {
  constructor(private readonly main: SqlExecutor) {}

  /**
   * The topology of the highest epoch.
   * @throws TopologyMissingError before `initialise`; InvalidTopologyError when the stored document is damaged.
   */
  async current(): Promise<Topology> {
    const found = await this.find();
    if (found === undefined) throw new TopologyMissingError();
    return found;
  }

  /** @throws TopologyMissingError before `initialise`. */
  async head(): Promise<TopologyHead> {
    const row = await this.first<TopologyHead>(SELECT_HEAD);
    if (row === undefined) throw new TopologyMissingError();
    return { epoch: Number(row.epoch), digest: row.digest };
  }

  /**
   * Writes the first, even topology unless there is one. Safe to run any number of times and by many at once: the
   * first writer wins, and all get what is stored, which may have other shards than asked for.
   * @throws InvalidTopologyError when the names can't form a topology.
   */
  async initialise(shardNames: readonly string[]): Promise<Topology> {
    const existing = await this.find();
    if (existing !== undefined) return existing;
    await this.insert(evenTopology(shardNames));
    return this.current();
  }

  /**
   * Makes `next` the current topology: compare-and-set on the epoch, which must be one more than the current one.
   * Processes learn of it through `SharedTopology`, or by their own polls. After an error of the connection it
   * is not known whether it was written: read `current` before a retry.
   * @throws InvalidTopologyError; StaleTopologyError when the current epoch is another. Nothing is written then.
   */
  async publish(next: Topology): Promise<Topology> {
    const checked = parseTopology(next);
    const { epoch } = await this.current();
    if (checked.epoch !== epoch + 1) throw new StaleTopologyError(checked.epoch, epoch);
    if (await this.insert(checked)) return checked;
    throw new StaleTopologyError(checked.epoch, (await this.head()).epoch);
  }

  /** @returns false when a topology of its epoch is there already */
  private async insert(topology: Topology): Promise<boolean> {
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

  private async find(): Promise<Topology | undefined> {
    const row = await this.first<{ epoch: unknown; document: unknown }>(SELECT_CURRENT);
    return row && storedTopology(Number(row.epoch), row.document);
  }

  private async first<T>(select: string): Promise<T | undefined> {
    try {
      const [row] = await this.main.query<T[]>(select);
      return row;
    } catch (error) {
      if (isMissingTable(error)) throw new TopologyMissingError(error);
      throw error;
    }
  }
}

/**
 * Parses a document that is stored under `epoch`.
 * @throws InvalidTopologyError, also when the document is of another epoch: processes that adopted
 *   a document changed by hand could pass over later epochs.
 */
export function storedTopology(epoch: number, document: unknown): Topology {
  const topology = parseTopology(document);
  if (topology.epoch === epoch) return topology;
  throw new InvalidTopologyError(
    `The shard topology that is kept as epoch ${epoch} says that it is ${topology.epoch}, and was not adopted`,
  );
}

/** @returns SHA-256 in hexadecimal, as `SHA2(document, 256)` gives it in the database. */
export function digestOf(document: string): string {
  return createHash('sha256').update(document).digest('hex');
}
