export { arrivals } from './arrivals.js';
export type { Answer, Call } from './call.js';
export { openLoop } from './open-loop.js';
export { LoadRecorder, type Outcome } from './load.recorder.js';
export { type LoadRun, runLoad } from './load.run.js';
export { type LoadResult } from './load.result.js';
