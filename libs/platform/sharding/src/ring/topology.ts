import { appError } from '@fourfold/kernel';
import { z } from 'zod';
import { MIN_SLOTS_PER_SHARD, SLOT_COUNT } from './slot.js';

/** A topology document that must not be adopted; `errors` lists each fault and where it is. */
export class InvalidTopologyError extends appError('invalid-topology', 422, 'Invalid shard topology') {}

/** A shard's name, as topology, configuration, logs and metric labels spell it. */
export const shardNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    'a shard name is 1–32 of a–z, 0–9 and "-", and does not begin with "-"',
  );

const slot = z
  .int()
  .min(0)
  .max(SLOT_COUNT - 1);

/**
 * Where the URL of a shard is that is not in the configuration of each process: a file in its folder of secrets. The
 * document is read by many and kept for good, so it has a reference and never a secret.
 */
export const urlReferenceSchema = z.looseObject({
  file: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'must be the name of a file, without a folder'),
});

export type UrlReference = z.output<typeof urlReferenceSchema>;

/** What `requires` may name: changes of meaning that this version knows. */
const known: ReadonlySet<string> = new Set();

/**
 * Who owns which slots, versioned by `epoch`. A field that this version does not know is carried along and means nothing to
 * it; a later version that changes what the others mean says so in `requires`, and such a document is refused, not half
 * understood. New fields come last in their object: documents are compared by their text.
 */
const topologySchema = z.looseObject({
  /** Grows by one with every change. */
  epoch: z.int().min(1),
  /** How a key becomes a slot. A document with another hash is refused: no row would be found by this one. */
  hashId: z.literal('md5-14'),
  shards: z
    .array(
      z.looseObject({
        name: shardNameSchema,
        /** A draining shard serves what it still owns, stays connected, and is given nothing more. */
        state: z.enum(['active', 'draining']),
        /** Its share of the slots, in proportion to the sum of all weights. */
        weight: z.number().positive(),
        url: urlReferenceSchema.optional(),
      }),
    )
    .min(1),
  /** Runs of slots of one owner, both ends inclusive, ascending. */
  slots: z.array(z.looseObject({ from: slot, to: slot, shard: shardNameSchema })).min(1),
  requires: z.array(z.string()).optional(),
  /** Slots that are being moved, from the first copied row until the last is purged, whichever shard owns them now. */
  migrations: z
    .array(z.looseObject({ from: slot, to: slot, donor: shardNameSchema, receiver: shardNameSchema }))
    .optional(),
});

export type Topology = z.output<typeof topologySchema>;

/**
 * Reads a topology from JSON text or from what JSON.parse gave.
 * @throws InvalidTopologyError when it is malformed, has an unknown hash, a shard listed twice, a slot run of an
 *   unlisted shard, or a slot with no owner or two.
 */
export function parseTopology(input: unknown): Topology {
  const parsed = topologySchema.safeParse(typeof input === 'string' ? parseJson(input) : input);
  const faults = parsed.success
    ? faultsOf(parsed.data)
    : parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  if (parsed.success && faults.length === 0) return parsed.data;
  const list = faults.map((fault) => `${fault.path || 'document'}: ${fault.message}`).join('; ');
  throw new InvalidTopologyError(`The shard topology is not valid and was not adopted: ${list}`, {
    errors: faults,
  });
}

/**
 * The first topology: each shard gets one run of slots, no two runs differ by more than one slot. A run is as even as
 * scattered slots would be, since the hash has already scattered the keys, and it can be read by eye.
 * @param shardNames 1–109 distinct names: more would leave a shard under 150 virtual nodes.
 * @throws InvalidTopologyError
 */
export function evenTopology(shardNames: readonly string[]): Topology {
  const count = shardNames.length;
  const most = Math.floor(SLOT_COUNT / MIN_SLOTS_PER_SHARD);
  if (count < 1 || count > most)
    throw new InvalidTopologyError(`A topology has 1–${most} shards, not ${count}`);
  return parseTopology({
    epoch: 1,
    hashId: 'md5-14',
    shards: shardNames.map((name) => ({ name, state: 'active', weight: 1 })),
    slots: shardNames.map((shard, index) => ({
      from: Math.floor((index * SLOT_COUNT) / count),
      to: Math.floor(((index + 1) * SLOT_COUNT) / count) - 1,
      shard,
    })),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidTopologyError('The shard topology is not JSON and was not adopted', { cause: error });
  }
}

function faultsOf(topology: Topology): { path: string; message: string }[] {
  const faults: { path: string; message: string }[] = [];
  for (const feature of topology.requires ?? [])
    if (!known.has(feature))
      faults.push({ path: 'requires', message: `${feature} is of a later version of this library` });
  const names = new Set<string>();
  topology.shards.forEach(({ name }, index) => {
    if (names.has(name)) faults.push({ path: `shards.${index}.name`, message: `${name} is listed twice` });
    names.add(name);
  });
  topology.migrations?.forEach(({ from, to, donor, receiver }, index) => {
    const path = `migrations.${index}`;
    if (to < from) faults.push({ path, message: `the run ends (${to}) before it begins (${from})` });
    for (const shard of [donor, receiver])
      if (!names.has(shard)) faults.push({ path, message: `${shard} is not among the shards` });
  });
  let next = 0;
  topology.slots.forEach(({ from, to, shard }, index) => {
    const path = `slots.${index}`;
    if (!names.has(shard)) faults.push({ path, message: `${shard} is not among the shards` });
    if (to < from) faults.push({ path, message: `the run ends (${to}) before it begins (${from})` });
    if (from > next) faults.push({ path, message: `slots ${next}–${from - 1} have no owner` });
    if (from < next)
      faults.push({ path, message: `slot ${from} has two owners, or the runs are not ascending` });
    next = Math.max(next, to + 1);
  });
  if (next < SLOT_COUNT)
    faults.push({ path: 'slots', message: `slots ${next}–${SLOT_COUNT - 1} have no owner` });
  return faults;
}
