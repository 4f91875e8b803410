export { AlertsError } from './alerts.errors.js';
export { paths, readProject } from './project.js';
export { shortened } from './shortened.js';
export { plainRules, readRules, type RuleFile } from './rule.file.js';
