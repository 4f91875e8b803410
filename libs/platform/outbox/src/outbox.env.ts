import { z } from 'zod';

const days = z.coerce.number().int().min(1);

/** The environment variables of the outbox, to be spread into an app's own schema. */
export const outboxEnv = {
  OUTBOX_KEEP_DONE_DAYS: days.default(3),
  OUTBOX_KEEP_PROCESSED_DAYS: days.default(30),
};
