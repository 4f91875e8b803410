export { openLoop } from './open-loop.js';
export { LoadRecorder } from './load.recorder.js';
export { type LoadRun, runLoad } from './load.run.js';
export { type LoadResult } from './load.result.js';
