import { CreateReports1764500000600 } from './migrations/create-reports.migration.js';

export { ExpiredReports } from './keeping/expired.reports.js';
export { MakeReport } from './making/make-report.command.js';
export { ReportReader } from './report.reader.js';
export {
  reportFormats,
  reportTypes,
  requestReportSchema,
  type RequestReportInput,
} from './request-report.schema.js';
export { ReportNotFoundError } from './reports.errors.js';
export { ReportRequestsModule, ReportsModule } from './reports.module.js';
export { RequestReport } from './requesting/request-report.command.js';
export { type ReportStatus, type ReportView } from './report.view.js';

/** Migrations of the main cluster that this library needs. */
export const reportsMigrations = [CreateReports1764500000600];
