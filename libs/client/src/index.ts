export { createFourfoldClient, type FourfoldClient, type FourfoldClientOptions } from './fourfold.client.js';
export type { components, operations, paths } from './generated/api.js';
