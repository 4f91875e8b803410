import { join } from 'node:path';
import { httpAnswers } from './http-answers.js';
import type { StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';

/** Takes the apps' traces, keeps the last ones in memory, and shows them on a page: see tools/traces. */
export function traceServer({ ports, repoRoot }: StackOptions): ServerNode {
  return {
    name: 'traces',
    kind: 'traces',
    ports: ['traces'],
    executables: [],
    optional: false,
    stopGraceMs: 5_000,
    prepare: nothingToDo,
    command: () => ({
      file: process.execPath,
      args: [join(repoRoot, 'tools', 'traces', 'dist', 'main.js'), String(ports.traces)],
      cwd: repoRoot,
    }),
    ready: () => httpAnswers(traceUrl(ports)),
    provision: nothingToDo,
    join: nothingToDo,
  };
}

/** For a browser, and for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
export function traceUrl({ traces }: StackOptions['ports']): string {
  return `http://${host}:${traces}`;
}
