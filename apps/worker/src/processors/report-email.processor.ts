import { Injectable } from '@nestjs/common';
import { ObjectStore } from '@fourfold/object-storage';
import { type JobContext, type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type ReportEmail, reportEmailQueue } from '@shop/contracts';
import { SendReportEmail } from '@shop/notifications';
import { asMailJob } from './mail-job.js';

/** As long as a link may be good. */
const LINK_MS = 7 * 24 * 60 * 60_000;

@Injectable()
@ProcessorFor(reportEmailQueue)
export class ReportEmailProcessor implements JobProcessor<ReportEmail> {
  constructor(
    private readonly store: ObjectStore,
    private readonly sendReportEmail: SendReportEmail,
  ) {}

  async handle(email: ReportEmail, context: JobContext): Promise<void> {
    const { objectKey, fileName } = email;
    const expiresAt = new Date(Date.now() + LINK_MS);
    const url = await this.store.signedUrl(objectKey, { expiresInMs: LINK_MS, fileName });
    await asMailJob(() => this.sendReportEmail.execute(email, { url, expiresAt }, context));
  }
}
