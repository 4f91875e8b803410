import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IAlertmanagerConfig } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { appEnvironments } from './apps.js';
import { differences, readCompose } from './compose.js';
import { overlay, root } from './testing/overlay.js';

const text = (path: string) => readFileSync(join(root, path), 'utf8');

/** What differs from the dev overlay when a file of `docker/` reads otherwise. */
async function differencesWith(
  file: 'compose' | 'env',
  from: string | RegExp,
  to: string,
): Promise<string[]> {
  const original = { compose: text('docker/compose.yaml'), env: text('docker/.env') };
  const changed = original[file].replace(from, to);
  if (from !== '') expect(changed).not.toBe(original[file]);
  const compose = file === 'compose' ? changed : original.compose;
  const env = file === 'env' ? changed : original.env;
  return differences(readCompose(compose, env), await overlay('dev'), await appEnvironments());
}

describe('Compose and Kubernetes', () => {
  it('have the same images, and give the applications the same variables', async () => {
    expect(await differencesWith('env', '', '')).toEqual([]);
    const operated = differences(
      readCompose(text('docker/compose.yaml'), text('docker/.env')),
      await overlay('operated'),
      await appEnvironments(),
    );
    expect(operated).toEqual([]);
  });

  it.each<['compose' | 'env', string | RegExp, string, string]>([
    ['env', /MARIADB_IMAGE=.*/, 'MARIADB_IMAGE=mariadb:11.8.3', 'mariadb has the versions 11.8.3, 10.11'],
    [
      'env',
      'FOURFOLD_VERSION=0.1.0',
      'FOURFOLD_VERSION=0.2.0',
      'fourfold/worker has the versions 0.2.0, 0.1.0',
    ],
    [
      'compose',
      '  AUTH_AUDIENCE: fourfold',
      '  AUTH_AUDIENCES: fourfold',
      'compose: worker does not read AUTH_AUDIENCES',
    ],
    [
      'compose',
      '  AUTH_AUDIENCE: fourfold',
      '  HOST: 0.0.0.0',
      'k8s: order-api is not given HOST, as in Compose',
    ],
    ['compose', '  AUTH_AUDIENCE: fourfold', '', 'compose: order-api is not given AUTH_AUDIENCE, as in k8s'],
  ])('differ when %s has %s → %s', async (file, from, to, says) => {
    expect(await differencesWith(file, from, to)).toContainEqual(expect.stringContaining(says));
  });

  it.each(['warm-cache', 'plan-rebalance'])(
    'react to alerts by the same call, as often: %s',
    async (reaction) => {
      interface Route {
        receiver: string;
        matchers?: string[];
        group_wait?: string;
        group_interval?: string;
        repeat_interval?: string;
      }
      const { route, receivers } = parse(text('docker/alertmanager/alertmanager.yaml')) as {
        route: Route & { group_by: string[]; routes: Route[] };
        receivers: { name: string; webhook_configs?: { url: string; send_resolved: boolean }[] }[];
      };
      const own = route.routes.find(({ receiver }) => receiver === reaction)!;
      const call = receivers.find(({ name }) => name === own.receiver)!.webhook_configs![0]!;
      const config = (await overlay('prod'))
        .ofKind<IAlertmanagerConfig>('AlertmanagerConfig')
        .find(({ metadata }) => metadata.name === `fourfold-${reaction}`);
      const { route: theirs, receivers: [receiver] = [] } = config!.spec;
      expect({
        matchers: theirs?.matchers?.map(({ name, matchType, value }) => `${name} ${matchType} "${value}"`),
        groupBy: theirs?.groupBy,
        waits: [theirs?.groupWait, theirs?.groupInterval, theirs?.repeatInterval],
        path: new URL(receiver!.webhookConfigs![0]!.url!).pathname,
        resolved: receiver!.webhookConfigs![0]!.sendResolved,
      }).toEqual({
        matchers: own.matchers,
        groupBy: route.group_by,
        waits: [route.group_wait, route.group_interval, own.repeat_interval],
        path: new URL(call.url).pathname,
        resolved: call.send_resolved,
      });
    },
  );
});
