import type { Provider } from '@nestjs/common';
import { AutoRedriver } from './auto.redriver.js';
import { DeadLetterMetrics } from './dead-letter.metrics.js';
import { DeadLetterRecorder } from './dead-letter.recorder.js';
import { DeadLetterSweeper } from './dead-letter.sweeper.js';
import { OpenLettersGauge } from './open-letters.gauge.js';
import { Redrive } from './redrive.js';

/** Of a process that turns failed jobs into dead letters. */
export const sweeping: Provider[] = [
  DeadLetterMetrics,
  DeadLetterRecorder,
  DeadLetterSweeper,
  Redrive,
  AutoRedriver,
  OpenLettersGauge,
];
