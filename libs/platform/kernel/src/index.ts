export { AppError, type AppErrorOptions, type FieldError } from './app-error.js';
export { type Clock, ManualClock, systemClock } from './clock.js';
export { canonicalJson } from './canonical-json.js';
export { type DependencyProbe, DependencyProbes } from './dependency.probes.js';
export { InvalidCursorError, PageCursors } from './page.cursors.js';
export { ConfigurationError, parseEnv } from './parse-env.js';
export { openRedis, redisUrlSchema } from './redis-url.js';
export { isSignedBy, signatureOf } from './signature.js';
export { withDeadline } from './with-deadline.js';
