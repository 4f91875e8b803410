export { platformLibraries } from './library.js';
