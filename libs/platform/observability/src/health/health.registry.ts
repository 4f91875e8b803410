import { Injectable } from '@nestjs/common';

/** Looks at one dependency, every second or two. Resolves with details to show, or rejects with what is wrong. */
export type HealthProbe = () => Promise<Record<string, unknown> | void>;

export interface HealthCheckEntry {
  name: string;
  probe: HealthProbe;
  /**
   * `true`: without this dependency the process can't do its work, so it is not ready.
   * `false`: it works on with less (a degraded dependency is shown, and keeps the process ready).
   */
  required: boolean;
}

/** Where libraries announce what they depend on; `/health/ready` tells how each entry is. */
@Injectable()
export class HealthRegistry {
  private readonly registered: HealthCheckEntry[] = [];

  add(name: string, probe: HealthProbe, options: { required: boolean }): void {
    this.registered.push({ name, probe, required: options.required });
  }

  get entries(): readonly HealthCheckEntry[] {
    return this.registered;
  }
}
