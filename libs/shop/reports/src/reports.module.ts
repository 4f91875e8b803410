import { type DynamicModule, Module } from '@nestjs/common';
import { ExpiredReports } from './keeping/expired.reports.js';
import { MakeReport } from './making/make-report.command.js';
import { SalesReader } from './making/sales.reader.js';
import { ReportReader } from './report.reader.js';
import { REPORTS_OPTIONS, type ReportsOptions, reportsSettings } from './reports.options.js';
import { RequestReport } from './requesting/request-report.command.js';

/** Makes reports: for a worker and its children. Needs a `DataSource`, `ObjectStore` and `Outbox` in global modules. */
@Module({})
export class ReportsModule {
  static forRoot(options: ReportsOptions = {}): DynamicModule {
    return {
      module: ReportsModule,
      providers: [
        { provide: REPORTS_OPTIONS, useFactory: () => reportsSettings(options) },
        MakeReport,
        SalesReader,
        ExpiredReports,
      ],
      exports: [MakeReport],
    };
  }
}

/** Takes requests for reports and shows what has become of them; needs `SnowflakeIds` beside these. */
@Module({ providers: [RequestReport, ReportReader], exports: [RequestReport, ReportReader] })
export class ReportRequestsModule {}
