import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signToken } from '@fourfold-tools/token';
import { requireExecutable } from './executables.js';
import { httpAnswers } from './http-answers.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, nothingToDo, type ServerNode } from './topology-node.js';

/** How Alertmanager reacts. */
export interface Reactions {
  /** What is called while an alert with `reaction: warm-cache` fires. */
  readonly warmUpUrl: string;
  /** From an alert's first arrival to its notification. Default `10s`. */
  readonly groupWait?: string;
  /** Between two notifications of one alert, when it has ended and begins again. Default `5m`. */
  readonly groupInterval?: string;
}

/** Debian's name for the program; elsewhere it is `alertmanager`. */
const program = 'prometheus-alertmanager';

/**
 * Alertmanager, which shows alerts and asks order-api to warm the cache; left out where it is not installed. It sends
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

function localReactions({ ports }: StackOptions): Reactions {
  return { warmUpUrl: `http://${host}:${ports.api}/v1/admin/cache/warm` };
}

/**
 * JSON, which is YAML too. The cache is warmed once a `repeat_interval` while the alert fires, and at most once a
 * `group_interval` when it comes and goes.
 */
function alertmanagerConfig(tokenFile: string, reactions: Reactions): string {
  const { warmUpUrl, groupWait = '10s', groupInterval = '5m' } = reactions;
  const config = {
    route: {
      receiver: 'page',
      group_by: ['alertname'],
      group_wait: groupWait,
      group_interval: groupInterval,
      routes: [
        {
          receiver: 'warm-cache',
          matchers: ['reaction = "warm-cache"'],
          repeat_interval: '15m',
        },
      ],
    },
    inhibit_rules: [
      {
        source_matchers: ['alertname = "ReplicaNotRunning"'],
        target_matchers: ['alertname =~ "ReplicaLagHigh|ReplicaOutOfRotation"'],
        equal: ['node'],
      },
    ],
    receivers: [
      // They are looked at on its page.
      { name: 'page' },
      {
        name: 'warm-cache',
        webhook_configs: [
          {
            url: warmUpUrl,
            send_resolved: false,
            http_config: { authorization: { credentials_file: tokenFile } },
          },
        ],
      },
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
