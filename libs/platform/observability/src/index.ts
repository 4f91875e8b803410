export { HealthRegistry, type HealthProbe } from './health.registry.js';
export type { HttpDeadlines } from './http.server.js';
export {
  arrivedOnManagementPort,
  isManagementRoute,
  ManagementOnly,
  ManagementPort,
  registerOnManagementPort,
} from './management-port.js';
export {
  type CellCounter,
  cellCounter,
  counter,
  type CounterCell,
  gauge,
  histogram,
  startAtZero,
} from './metrics.js';
export { ObservabilityModule, type ObservabilityOptions } from './observability.module.js';
export { requestIdOf } from './request-id.js';
export { PAGE_CONTENT_POLICY, SECURITY_HEADERS } from './security.headers.js';
export { httpDeadlinesOf, portVariable, serviceEnv } from './service.env.js';
export { runService } from './run-service.js';
export { type ServiceOptions, startService } from './start-service.js';
export { startTracing } from './tracing/start-tracing.js';
