import { z } from 'zod';

/** A shard's name, as topology, configuration, logs and metric labels spell it. */
export const shardNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    'a shard name is 1–32 of a–z, 0–9 and "-", and does not begin with "-"',
  );
