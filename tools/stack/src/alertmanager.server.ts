import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signToken } from '@fourfold-tools/token';
import { requireExecutable } from './executables.js';
import { httpAnswers } from './http-answers.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';

/** How Alertmanager reacts. */
export interface Reactions {
  /** Of the order-api that is called while an alert with a `reaction` fires, such as `http://127.0.0.1:3000`. */
  readonly apiUrl: string;
  /** From an alert's first arrival to its notification. Default `10s`. */
  readonly groupWait?: string;
  /** Between two notifications of one alert, when it has ended and begins again. Default `5m`. */
  readonly groupInterval?: string;
}

/** What is asked for by each `reaction`, and how often while the alert fires. */
export const alertReactions = {
  'warm-cache': { path: '/v1/admin/cache/warm', repeatInterval: '15m' },
  // It counts rows on every shard.
  'plan-rebalance': { path: '/v1/admin/shards/plan/rebalance', repeatInterval: '24h' },
};

/** Debian's name for the program; elsewhere it is `alertmanager`. */
const program = 'prometheus-alertmanager';

/**
 * Alertmanager, which shows alerts and asks order-api to do what some of them need; left out where it is not installed. It sends
 * no mail. Each start gives it a new token of an operator.
 */
export function alertmanagerServer(options: StackOptions, reactions = localReactions(options)): ServerNode {
  const { ports, stateDir } = options;
  const folder = stateLayout(options).data('alertmanager');
  const configFile = join(folder, 'alertmanager.yml');
  const tokenFile = join(folder, 'operator.token');
  return {
    name: 'alertmanager',
    kind: 'alertmanager',
    ports: ['alertmanager'],
    executables: [program],
    optional: true,
    stopGraceMs: 10_000,
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
      const token = await signToken(stateDir, { role: 'operator', sub: 'alertmanager', expiresIn: '30d' });
      writeFileSync(tokenFile, token, { mode: 0o600 });
      writeFileSync(configFile, alertmanagerConfig(tokenFile, reactions));
    },
    command: () => ({
      file: requireExecutable(program),
      args: [
        `--config.file=${configFile}`,
        `--storage.path=${join(folder, 'data')}`,
        `--web.listen-address=${host}:${ports.alertmanager}`,
        // It has no peers to talk to.
        '--cluster.listen-address=',
      ],
      cwd: folder,
    }),
    ready: () => httpAnswers(`http://${host}:${ports.alertmanager}/-/ready`),
    provision: nothingToDo,
    join: nothingToDo,
  };
}

/** Which alerts are not told of while another one fires that says why. */
export const alertInhibitions = [
  {
    source_matchers: ['alertname = "ReplicaNotRunning"'],
    target_matchers: ['alertname =~ "ReplicaLagHigh|ReplicaOutOfRotation"'],
    equal: ['node'],
  },
];

function localReactions({ ports }: StackOptions): Reactions {
  return { apiUrl: `http://${host}:${ports.api}` };
}

/**
 * JSON, which is YAML too. order-api is asked once a `repeat_interval` while an alert fires, and at most once a
 * `group_interval` when it comes and goes.
 */
function alertmanagerConfig(tokenFile: string, reactions: Reactions): string {
  const { apiUrl, groupWait = '10s', groupInterval = '5m' } = reactions;
  const wanted = Object.entries(alertReactions);
  const config = {
    route: {
      receiver: 'page',
      group_by: ['alertname'],
      group_wait: groupWait,
      group_interval: groupInterval,
      routes: wanted.map(([reaction, { repeatInterval }]) => ({
        receiver: reaction,
        matchers: [`reaction = "${reaction}"`],
        repeat_interval: repeatInterval,
      })),
    },
    inhibit_rules: alertInhibitions,
    receivers: [
      // They are looked at on its page.
      { name: 'page' },
      ...wanted.map(([reaction, { path }]) => ({
        name: reaction,
        webhook_configs: [
          {
            url: `${apiUrl}${path}`,
            send_resolved: false,
            http_config: { authorization: { credentials_file: tokenFile } },
          },
        ],
      })),
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
