import type { TestTopology } from './test-topology.js';

declare module 'vitest' {
  interface ProvidedContext {
    topology: TestTopology;
  }
}
