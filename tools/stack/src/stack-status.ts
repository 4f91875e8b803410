import { appNames, appPorts } from './app-process.js';
import { findExecutable } from './executables.js';
import { RunRecord } from './run-record.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, type NodeState, type ServerNode, type TopologyNode } from './topology-node.js';

/** Every node of a topology and whether its process lives. */
export function stackStatus(options: StackOptions, servers: readonly ServerNode[]): TopologyNode[] {
  const layout = stateLayout(options);
  const pidOf = (name: string) => new RunRecord(layout.runRecord(name)).running()?.pid ?? null;

  const serverNodes = servers.map((server): TopologyNode => {
    const [port, webPort] = server.ports.map((name) => options.ports[name]);
    const pid = pidOf(server.name);
    return {
      name: server.name,
      kind: server.kind,
      host,
      port: port as number,
      pid,
      state: stateOf(pid, server.executables),
      ...(webPort === undefined ? {} : { webPort }),
    };
  });

  const apps = appNames.map((app): TopologyNode => {
    const [port, managementPort] = appPorts(app).map((name) => options.ports[name]);
    const pid = pidOf(app);
    return {
      name: app,
      kind: 'app',
      host,
      port: port as number,
      pid,
      state: stateOf(pid, []),
      ...(managementPort === undefined ? {} : { managementPort }),
    };
  });

  return [...serverNodes, ...apps];
}

function stateOf(pid: number | null, executables: readonly string[]): NodeState {
  if (pid !== null) return 'running';
  return executables.every((name) => findExecutable(name) !== undefined) ? 'stopped' : 'not-installed';
}

/** The table that plain `stack status` prints. */
export function statusTable(nodes: readonly TopologyNode[]): string {
  const rows = nodes.map((node) => [
    node.name,
    node.kind,
    `${node.host}:${node.port}`,
    node.pid === null ? '-' : String(node.pid),
    node.state + also(node),
  ]);
  const header = ['NAME', 'KIND', 'ADDRESS', 'PID', 'STATE'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function also(node: TopologyNode): string {
  if (node.webPort !== undefined) return `  (page: http://${node.host}:${node.webPort})`;
  if (node.managementPort !== undefined) return `  (management: ${node.managementPort})`;
  return '';
}
