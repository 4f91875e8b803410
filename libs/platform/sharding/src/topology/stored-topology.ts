import { createHash } from 'node:crypto';
import { parseTopology, type Topology } from './topology.document.js';
import { InvalidTopologyError } from './topology.errors.js';

/**
 * A document that was kept under an epoch of its own.
 * @throws InvalidTopologyError, also when the document is of another epoch: a document changed by hand would else send
 *   processes past the epochs that come.
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
