export { AlertsError } from './alerts.errors.js';
export { type DocumentedMetric, documentedMetrics } from './metrics.page.js';
export { paths, readProject, readRunbookBase } from './project.js';
export {
  aggregationOf,
  aggregationsAround,
  type Aggregation,
  type Expression,
  named,
  parseExpression,
  readingsOf,
  sharedFigures,
  thresholdsOf,
  unboundedIn,
  vectorsBesideLabels,
} from './promql.js';
export { firesWithinMs, shortened } from './shortened.js';
export { plainRules, readRules, type RuleFile } from './rule.file.js';
