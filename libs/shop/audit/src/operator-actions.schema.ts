import { pageQuery, textSchema } from '@shop/contracts';
import { z } from 'zod';

const time = z.iso.datetime({ offset: true }).optional();

/** Of a list of actions; the times are of their beginnings, `from` included and `to` not. */
export const listActionsSchema = z.strictObject({
  ...pageQuery,
  actor: textSchema(255).optional(),
  action: textSchema(100).optional(),
  from: time,
  to: time,
});
export type ListActions = z.output<typeof listActionsSchema>;
