export { checkRender } from './check-render.js';
export { allCombinations, pairwiseCombinations } from './combinations.js';
export type { Finding } from './finding.js';
export { Manifests } from './manifests.js';
export { renderFolder } from './render.js';
