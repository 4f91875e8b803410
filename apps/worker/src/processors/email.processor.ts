import { Injectable } from '@nestjs/common';
import { type JobContext, type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { emailQueue, type OutcomeEmail } from '@shop/contracts';
import { SendOutcomeEmail } from '@shop/notifications';
import { asMailJob } from './mail-job.js';

@Injectable()
@ProcessorFor(emailQueue)
export class EmailProcessor implements JobProcessor<OutcomeEmail> {
  constructor(private readonly sendOutcomeEmail: SendOutcomeEmail) {}

  async handle(email: OutcomeEmail, context: JobContext): Promise<void> {
    await asMailJob(() => this.sendOutcomeEmail.execute(email, context));
  }
}
