import { Controller, Get } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { HealthRegistry, type HealthCheckEntry } from './health.registry.js';
import { ManagementOnly } from './management-port.js';

/** A probe that hangs is as bad as one that fails; Kubernetes asks every few seconds. */
const PROBE_TIMEOUT_MS = 1_000;

@ManagementOnly()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly registry: HealthRegistry,
  ) {}

  /** The process runs its event loop. Asks no dependency: a restart would not bring one back. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 when every required dependency answers; 503 with the names of those that don't. */
  @Get('ready')
  ready(): Promise<HealthCheckResult> {
    return this.health.check(this.registry.entries.map((entry) => () => this.ask(entry)));
  }

  private async ask({ name, probe, required }: HealthCheckEntry) {
    const result = await this.indicators.check(name).attempt(probe).withTimeout(PROBE_TIMEOUT_MS);
    const outcome = result[name];
    if (required || outcome?.status !== 'down') return result;
    const { status: _down, ...details } = outcome;
    return this.indicators.check(name).degraded(details);
  }
}
