import { emailSchema } from '@shop/contracts';
import { z } from 'zod';

const DAY_MS = 24 * 60 * 60_000;
const MOST_DAYS = 366;

export const reportTypes = ['sales'] as const;
export const reportFormats = ['pdf', 'xlsx'] as const;

/** Whole days in UTC, both included. */
export const requestReportSchema = z
  .strictObject({
    type: z.enum(reportTypes),
    format: z.enum(reportFormats),
    from: z.iso.date(),
    to: z.iso.date(),
    email: emailSchema,
  })
  .superRefine(({ from, to }, context) => {
    const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
    if (days < 1) context.addIssue({ code: 'custom', path: ['to'], message: 'must not be before from' });
    if (days > MOST_DAYS)
      context.addIssue({ code: 'custom', path: ['to'], message: `must be within ${MOST_DAYS} days of from` });
  });
export type RequestReportInput = z.output<typeof requestReportSchema>;
