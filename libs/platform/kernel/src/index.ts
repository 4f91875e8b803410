export { AppError, type AppErrorOptions, type FieldError } from './app-error.js';
export { type Clock, ManualClock, systemClock } from './clock.js';
export { canonicalJson } from './canonical-json.js';
export { type DependencyProbe, DependencyProbes } from './dependency.probes.js';
export { ConfigurationError, parseEnv } from './parse-env.js';
export { withDeadline } from './with-deadline.js';
