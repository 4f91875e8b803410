import type { TopologyNode } from '@fourfold-tools/stack';
import { expect, it } from 'vitest';
import { addressTable } from './address.table.js';

const running = { host: '127.0.0.1', pid: 1, state: 'running' } as const;
const nodes: TopologyNode[] = [
  { name: 'primary', kind: 'primary', port: 13306, ...running },
  { name: 'redis-queue', kind: 'redis-queue', port: 16380, ...running },
  { name: 'mail', kind: 'smtp', port: 11025, webPort: 11080, ...running },
  { name: 'prometheus', kind: 'prometheus', port: 19090, ...running, pid: null, state: 'not-installed' },
  { name: 'alertmanager', kind: 'alertmanager', port: 19093, ...running },
  { name: 'traces', kind: 'traces', port: 14318, ...running },
  { name: 'order-api', kind: 'app', port: 3000, managementPort: 3100, ...running },
  { name: 'worker', kind: 'app', port: 3101, ...running },
];

it('lists each address that answers, pages as links', () => {
  expect(addressTable(nodes, { stateDir: '/repo/.stack' })).toBe(
    [
      '  MariaDB primary            127.0.0.1:13306',
      '  Redis, queue               127.0.0.1:16380',
      '  Mail page                  http://127.0.0.1:11080',
      '  SMTP                       127.0.0.1:11025',
      '  Alertmanager               http://127.0.0.1:19093',
      '  Traces                     http://127.0.0.1:14318',
      '  API                        http://127.0.0.1:3000/v1',
      '  API documentation          http://127.0.0.1:3000/docs',
      '  order-api health, metrics  http://127.0.0.1:3100/health/ready  /metrics',
      '  worker health, metrics     http://127.0.0.1:3101/health/ready  /metrics',
      '  Queue board                http://127.0.0.1:3101/admin/queues  (password: npm run -s token -- --operator)',
      '  Logs                       /repo/.stack/logs',
    ].join('\n'),
  );
});
