import type { StackOptions, TopologyNode } from '@fourfold-tools/stack';

/** Where everything is, for the end of `npm start`. Servers that do not run are left out. */
export function addressTable(
  nodes: readonly TopologyNode[],
  { stateDir }: Pick<StackOptions, 'stateDir'>,
): string {
  const rows = nodes.filter((node) => node.state === 'running').flatMap(rowsOf);
  rows.push(['Logs', `${stateDir}/logs`]);
  const width = Math.max(...rows.map(([what]) => what.length));
  return rows.map(([what, where]) => `  ${what.padEnd(width)}  ${where}`).join('\n');
}

function rowsOf(node: TopologyNode): [what: string, where: string][] {
  const page = (port: number, path = '') => `http://${node.host}:${port}${path}`;
  switch (node.kind) {
    case 'app': {
      const management: [string, string] = [
        `${node.name} health, metrics`,
        `${page(node.managementPort ?? node.port, '/health/ready')}  /metrics`,
      ];
      if (node.managementPort === undefined) {
        return [
          management,
          ['Queue board', `${page(node.port, '/admin/queues')}  (password: npm run -s token -- --operator)`],
        ];
      }
      return [['API', page(node.port, '/v1')], ['API documentation', page(node.port, '/docs')], management];
    }
    case 'smtp':
      return [
        ['Mail page', page(node.webPort ?? node.port)],
        ['SMTP', `${node.host}:${node.port}`],
      ];
    case 'prometheus':
      return [['Prometheus', page(node.port)]];
    case 'traces':
      return [['Traces', page(node.port)]];
    case 'alertmanager':
      return [['Alertmanager', page(node.port)]];
    case 'redis-cache':
    case 'redis-queue':
      return [[`Redis, ${node.kind === 'redis-cache' ? 'cache' : 'queue'}`, `${node.host}:${node.port}`]];
    default:
      return [[`MariaDB ${node.name}`, `${node.host}:${node.port}`]];
  }
}
