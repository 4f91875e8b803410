import { Module } from '@nestjs/common';
import { EmailSweep } from './email.sweep.js';
import { EmailSweepMetrics } from './email-sweep.metrics.js';

/** For processes that make good what sign-ups and changes of addresses have left behind. Needs {@link UsersModule}. */
@Module({ providers: [EmailSweepMetrics, EmailSweep] })
export class EmailSweepModule {}
