import { z } from 'zod';

const count = z.int().min(0);

/** What happened to orders in one hour. */
export const funnelHour = z.object({
  hour: z.iso.datetime().describe('When it begins'),
  placed: count,
  confirmed: count,
  rejected: count,
  cancelled: count,
});
