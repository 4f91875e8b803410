import { Controller, Get, Headers, Res } from '@nestjs/common';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { FastifyReply } from 'fastify';
import { register } from 'prom-client';
import { requestExemplars } from './http.metrics.js';
import { ManagementOnly } from '../http/management-routes.js';
import { OPEN_METRICS_TYPE, takesOpenMetrics, toOpenMetrics } from './open-metrics.js';
import { Snapshot } from './snapshot.js';

/** Prometheus asks every 15 s or so; to add everything up takes milliseconds in which nothing else is done. */
const METRICS_MAX_AGE_MS = 1_000;

@ManagementOnly()
@Controller()
export class MetricsController extends PrometheusController {
  private readonly metrics = new Snapshot(() => register.metrics(), METRICS_MAX_AGE_MS);

  /** In the text format, or in OpenMetrics with exemplars for a scraper that takes it. */
  @Get()
  override async index(
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('accept') accept?: string,
  ): Promise<string> {
    const text = await this.metrics.get();
    const isOpen = takesOpenMetrics(accept);
    reply.headers({ 'content-type': isOpen ? OPEN_METRICS_TYPE : register.contentType, vary: 'accept' });
    return isOpen ? toOpenMetrics(text, (name, labels) => requestExemplars.behind(name, labels)) : text;
  }
}
