export { stages } from './checks.js';
