import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireExecutable } from './executables.js';
import { httpAnswers } from './http-answers.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';

/** Prometheus, scraping both apps; left out where it is not installed. */
export function prometheusServer(options: StackOptions): ServerNode {
  const { ports } = options;
  const folder = stateLayout(options).data('prometheus');
  const configFile = join(folder, 'prometheus.yml');
  return {
    name: 'prometheus',
    kind: 'prometheus',
    ports: ['prometheus'],
    executables: ['prometheus'],
    optional: true,
    stopGraceMs: 10_000,
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
      const jobs = { 'order-api': ports['api-management'], worker: ports['worker-management'] };
      writeFileSync(configFile, prometheusConfig(jobs));
    },
    command: () => ({
      file: requireExecutable('prometheus'),
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        '--storage.tsdb.retention.time=3d',
        `--web.listen-address=${host}:${ports.prometheus}`,
      ],
      cwd: folder,
    }),
    ready: () => httpAnswers(`http://${host}:${ports.prometheus}/-/ready`),
    provision: nothingToDo,
    join: nothingToDo,
  };
}

function prometheusConfig(jobs: Readonly<Record<string, number>>): string {
  const scrapes = Object.entries(jobs).flatMap(([job, port]) => [
    `  - job_name: ${job}`,
    '    static_configs:',
    `      - targets: ['${host}:${port}']`,
  ]);
  return ['global:', '  scrape_interval: 5s', 'scrape_configs:', ...scrapes, ''].join('\n');
}
