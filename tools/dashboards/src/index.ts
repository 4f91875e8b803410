export { boards } from './boards/index.js';
export { type Unanswered, unansweredBy } from './check/live.js';
