export { apiTypes, typesFile } from './api.types.js';
