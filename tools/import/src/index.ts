export { type DemoData, type DemoOptions, loadDemo } from './demo.js';
export { demoProducts } from './demo.catalogue.js';
export { demoUsers } from './demo.users.js';
export { type ImportSummary } from './import.summary.js';
export { type PreparedOrder, prepareReplay } from './replay.preparation.js';
