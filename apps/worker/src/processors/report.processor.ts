import { Injectable } from '@nestjs/common';
import { type JobContext, type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type ReportJob, reportQueue } from '@shop/contracts';
import { MakeReport } from '@shop/reports';

/** In a child process; in the worker itself it says that the queue is worked off. */
@Injectable()
@ProcessorFor(reportQueue)
export class ReportProcessor implements JobProcessor<ReportJob> {
  constructor(private readonly makeReport: MakeReport) {}

  async handle(job: ReportJob, context: JobContext): Promise<void> {
    const { signal } = context;
    await this.makeReport.execute(job, { signal, progress: (percent) => context.progress(percent) });
  }
}
