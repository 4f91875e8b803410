export { checks } from './checks.js';
