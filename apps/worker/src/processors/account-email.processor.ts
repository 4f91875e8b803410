import { Injectable } from '@nestjs/common';
import { type JobContext, type JobProcessor, ProcessorFor } from '@fourfold/queue';
import { type AccountEmail, accountEmailQueue } from '@shop/contracts';
import { SendAccountEmail } from '@shop/notifications';
import { config } from '../worker.config.js';
import { asMailJob } from './mail-job.js';

@Injectable()
@ProcessorFor(accountEmailQueue)
export class AccountEmailProcessor implements JobProcessor<AccountEmail> {
  constructor(private readonly sendAccountEmail: SendAccountEmail) {}

  async handle(email: AccountEmail, context: JobContext): Promise<void> {
    await asMailJob(() => this.sendAccountEmail.execute(email, config.EMAIL_LINK_URL, context));
  }
}
