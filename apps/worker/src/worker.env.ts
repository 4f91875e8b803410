import { analyticsEnv } from '@shop/analytics';
import { shopEnv } from '@shop/composition';
import { scheduleEnv } from '@shop/contracts';
import { notificationsEnv } from '@shop/notifications';
import { ordersUpkeepEnv } from '@shop/orders';
import { warehouseEnv } from '@shop/warehouse';
import { z } from 'zod';

/** What the worker reads from its environment. */
export const workerEnv = shopEnv
  .safeExtend({
    ...notificationsEnv,
    ...ordersUpkeepEnv,
    ...scheduleEnv,
    ...analyticsEnv,
    ...warehouseEnv,
    /** For how many days a report and its file are kept. */
    REPORT_RETENTION_DAYS: z.coerce.number().int().min(1).max(366).default(30),
  })
  // A message may be delivered anew for as long as its effect is known, and must find its e-mail's row then.
  .refine(({ MAIL_KEEP_DAYS, OUTBOX_KEEP_PROCESSED_DAYS }) => MAIL_KEEP_DAYS >= OUTBOX_KEEP_PROCESSED_DAYS, {
    path: ['MAIL_KEEP_DAYS'],
    error:
      'must be at least OUTBOX_KEEP_PROCESSED_DAYS: a message delivered anew would send its e-mail again',
  });
