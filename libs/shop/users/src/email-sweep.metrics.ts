import { Injectable } from '@nestjs/common';
import { counter, startAtZero } from '@fourfold/observability/metrics';

@Injectable()
export class EmailSweepMetrics {
  /** `overtaken`: another process settled it first. */
  readonly swept = counter({
    name: 'users_swept_reservations_total',
    help: 'Reservations of e-mail addresses found past their deadline, by what became of them',
    labelNames: ['outcome'],
  });

  constructor() {
    startAtZero(this.swept, { outcome: ['confirmed', 'released', 'overtaken'] });
  }
}
