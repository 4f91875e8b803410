import { bulkRedriveLimits, deadLetterStatuses, deadReasons } from '@fourfold/queue';
import { pageQuery, textSchema } from '@shop/contracts';
import { z } from 'zod';

/** Queues come and go, and their letters stay: any name may be asked for. */
const queueSchema = textSchema(64);
const reasonSchema = z.enum(deadReasons);

export const listDeadLettersSchema = z.strictObject({
  ...pageQuery,
  queue: queueSchema.optional(),
  reason: reasonSchema.optional(),
  status: z.enum(deadLetterStatuses).default('open'),
});
export type ListDeadLetters = z.output<typeof listDeadLettersSchema>;

export const bulkRedriveSchema = z
  .strictObject({
    queue: queueSchema.optional(),
    reason: reasonSchema.optional(),
    recordedBefore: z.iso.datetime({ offset: true }).optional(),
    all: z.literal(true).optional(),
    dryRun: z.boolean().default(false),
    ratePerSecond: z.int().min(1).max(bulkRedriveLimits.ratePerSecond).optional(),
    limit: z.int().min(1).max(bulkRedriveLimits.letters).optional(),
  })
  .refine(({ queue, reason, all }) => queue !== undefined || reason !== undefined || all === true, {
    message: 'must name a queue or a reason, or say "all": true',
  });
export type BulkRedriveBody = z.output<typeof bulkRedriveSchema>;
