import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable, requireExecutable } from './executables.js';
import { httpAnswers } from './http-answers.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';

/** What a Prometheus looks at, and how often. */
export interface Watched {
  /** Ports on this machine, by the name of the job. */
  readonly targets: Readonly<Record<string, readonly number[]>>;
  readonly ruleFile: string;
  /** Between two scrapes, and two evaluations of the rules. Default 5. */
  readonly everySeconds?: number;
}

/** Prometheus, scraping both apps and evaluating the project's rules; left out where it is not installed. */
export function prometheusServer(options: StackOptions, watched = platformOf(options)): ServerNode {
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
      writeFileSync(configFile, prometheusConfig(options, watched));
    },
    command: () => ({
      file: requireExecutable('prometheus'),
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        '--storage.tsdb.retention.time=3d',
        '--enable-feature=exemplar-storage',
        `--web.listen-address=${host}:${ports.prometheus}`,
      ],
      cwd: folder,
    }),
    ready: () => httpAnswers(`http://${host}:${ports.prometheus}/-/ready`),
    provision: nothingToDo,
    join: nothingToDo,
  };
}

function platformOf({ ports, repoRoot }: StackOptions): Watched {
  return {
    targets: { 'order-api': [ports['api-management']], worker: [ports['worker-management']] },
    ruleFile: join(repoRoot, 'docker', 'prometheus', 'rules', 'fourfold.yaml'),
  };
}

/** JSON, which is YAML too. */
function prometheusConfig({ ports }: StackOptions, { targets, ruleFile, everySeconds = 5 }: Watched): string {
  const every = `${everySeconds}s`;
  const at = (numbers: readonly number[]) => [{ targets: numbers.map((port) => `${host}:${port}`) }];
  const alertmanagers = findExecutable('prometheus-alertmanager') ? [ports.alertmanager] : [];
  const watchers = { prometheus: [ports.prometheus], alertmanager: alertmanagers };
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: [ruleFile],
    alerting: { alertmanagers: [{ static_configs: at(alertmanagers) }] },
    scrape_configs: Object.entries({ ...targets, ...watchers }).map(([job, numbers]) => ({
      job_name: job,
      static_configs: at(numbers),
    })),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
