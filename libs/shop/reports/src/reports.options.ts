import { parseOptions } from '@fourfold/kernel';
import { z } from 'zod';

const optionsSchema = z.strictObject({
  /** Whether this process removes reports whose time is over. Default false. */
  cleans: z.boolean().default(false),
  /** For how long a report and its file are kept. Default 30 days. */
  retentionDays: z.int().min(1).max(366).default(30),
});

export type ReportsOptions = z.input<typeof optionsSchema>;
export type ReportsSettings = z.output<typeof optionsSchema>;

export const REPORTS_OPTIONS = Symbol('REPORTS_OPTIONS');

/** @throws ConfigurationError */
export function reportsSettings(options: ReportsOptions): ReportsSettings {
  return parseOptions('ReportsModule', optionsSchema, options);
}
