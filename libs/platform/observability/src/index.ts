export { HealthRegistry, type HealthProbe } from './health/health.registry.js';
export type { HttpDeadlines } from './http/http.server.js';
export {
  BadRequestError,
  BodyTooLargeError,
  HeadersTooLargeError,
  InternalError,
  RequestTimeoutError,
  RouteNotFoundError,
  ServiceStartingError,
  ServiceStoppingError,
  UnsupportedMediaTypeError,
} from './http/http.errors.js';
export {
  arrivedOnManagementPort,
  isManagementRoute,
  ManagementOnly,
  registerOnManagementPort,
} from './http/management-routes.js';
export { type FoundRoute, routeFound } from './http/route-found.js';
export { type ErrorOf, sendProblem } from './http/problem.js';
export { PreparedProblem } from './http/prepared.problem.js';
export { ObservabilityModule, type ObservabilityOptions } from './observability.module.js';
export { PAGE_CONTENT_POLICY, securityHeaders } from './http/security.headers.js';
export { httpDeadlinesOf, portVariable, serviceEnv } from './service.env.js';
export { fromFiles } from './service/secret.files.js';
export { runService } from './service/run-service.js';
export { type ServiceOptions, startService } from './service/start-service.js';
export { startTracing } from './tracing/start-tracing.js';
