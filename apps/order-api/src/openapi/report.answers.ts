import { idSchema } from '@shop/contracts';
import { reportFormats, reportTypes } from '@shop/reports';
import { z } from 'zod';

export const report = z.object({
  id: idSchema,
  type: z.enum(reportTypes),
  format: z.enum(reportFormats),
  from: z.iso.date(),
  to: z.iso.date(),
  email: z.email(),
  status: z.enum(['queued', 'running', 'done', 'failed']),
  percent: z.int().min(0).max(100),
  url: z.url().nullable().describe('Good for 15 minutes; null until the report is done'),
  createdAt: z.iso.datetime(),
});
