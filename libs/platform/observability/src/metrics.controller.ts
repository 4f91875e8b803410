import { Controller, Get, Header } from '@nestjs/common';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
import { ManagementOnly } from './management-port.js';
import { Snapshot } from './snapshot.js';

/** Prometheus asks every 15 s or so; to add everything up takes milliseconds in which nothing else is done. */
const METRICS_MAX_AGE_MS = 1_000;

@ManagementOnly()
@Controller()
export class MetricsController extends PrometheusController {
  private readonly metrics = new Snapshot(() => register.metrics(), METRICS_MAX_AGE_MS);

  @Get()
  @Header('Content-Type', register.contentType)
  override index(): Promise<string> {
    return this.metrics.get();
  }
}
