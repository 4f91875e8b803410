import { Controller, Get, Res, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { ManagementOnly } from '../http/management-routes.js';
import { HealthMonitor } from './health.monitor.js';

@ManagementOnly()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly monitor: HealthMonitor,
  ) {}

  /** The process runs its event loop. Asks no dependency: a restart would not bring one back. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 when every required dependency has answered lately; 503 with the names of those that have not: no problem+json. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthCheckResult> {
    const outcomes = await this.monitor.outcomes();
    try {
      return await this.health.check(outcomes.map((outcome) => () => outcome));
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      reply.code(503);
      return error.getResponse() as HealthCheckResult;
    }
  }
}
