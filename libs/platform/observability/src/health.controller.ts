import { Controller, Get } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { HealthMonitor } from './health.monitor.js';
import { ManagementOnly } from './management-port.js';

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

  /** 200 when every required dependency has answered lately; 503 with the names of those that have not. */
  @Get('ready')
  async ready(): Promise<HealthCheckResult> {
    const outcomes = await this.monitor.outcomes();
    return this.health.check(outcomes.map((outcome) => () => outcome));
  }
}
