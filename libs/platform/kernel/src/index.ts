export { AppError, appError, type AppErrorOptions, type ErrorKind, type FieldError } from './app-error.js';
export { type BackOff, equalJitterBackOff } from './back-off.js';
export { checkedExtras, isGlobalExtra } from './checked-extras.js';
export { type Clock, ManualClock, systemClock } from './clock.js';
export { canonicalJson } from './canonical-json.js';
export { type DependencyProbe, DependencyProbes } from './dependency-probes.js';
export { InvalidCursorError, PageCursors } from './page-cursors.js';
export { LONGEST_TIMER_MS } from './longest-timer.js';
export { ConfigurationError, parseEnv } from './parse-env.js';
export { parseOptions } from './parse-options.js';
export { PeriodicTask, type PeriodicTaskOptions, type TaskLog } from './periodic.task.js';
export { isSignedBy, signatureOf } from './signature.js';
export {
  type BudgetEnd,
  ClientGoneError,
  DeadlineExceededError,
  isGivenUp,
  SharedBudget,
  TimeBudget,
  withinBudget,
} from './time-budget.js';
export { withDeadline } from './with-deadline.js';
