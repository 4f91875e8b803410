import { findExecutable } from './executables.js';
import { checkPorts, type PortClaim } from './port-check.js';
import { endProcess } from './end-process.js';
import { RunRecord } from './run-record.js';
import { awaitReady, pollReady, startServer } from './server-process.js';
import { StackError } from './stack-error.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import type { ServerNode } from './topology-node.js';

/** Says in one line what has just happened. */
export type Report = (line: string) => void;

const readyDeadlineMs = 60_000;
/** A start that is being undone is not worth a long farewell. */
const undoGraceMs = 5_000;

export interface BringUp {
  readonly options: StackOptions;
  readonly servers: readonly ServerNode[];
  /** Ports that have to be free although nothing here uses them, e.g. those of the apps to come. */
  readonly alsoClaimed: readonly PortClaim[];
  readonly report: Report;
}

/**
 * Starts every server that is not running, all at once, and makes sure of accounts, databases and replication on all
 * of them, also on those that ran before: a start that was interrupted is completed this way.
 * @throws StackError when anything fails; what this call has started is stopped again, nothing else is.
 */
export async function bringUp({ options, servers, alsoClaimed, report }: BringUp): Promise<void> {
  const wanted = servers.filter((server) => !leftOut(server, report));
  const recordOf = (server: ServerNode) => new RunRecord(stateLayout(options).runRecord(server.name));
  const toStart = wanted.filter((server) => recordOf(server).running() === undefined);
  const claims = toStart.flatMap((server) =>
    server.ports.map((portName) => ({ portName, port: options.ports[portName], node: server.name })),
  );
  await checkPorts([...claims, ...alsoClaimed]);

  const failure = new AbortController();
  const began = new Set<ServerNode>();
  try {
    await allOrFirstError(wanted, failure, (server) =>
      toStart.includes(server) ? start(server) : confirm(server),
    );
    const running = new Set(topologyRunning(options, servers));
    await allOrFirstError(wanted, failure, (server) => server.join(running));
  } catch (error) {
    await Promise.all([...began].map(undo));
    throw error;
  }

  async function start(server: ServerNode): Promise<void> {
    const since = performance.now();
    await server.prepare();
    failure.signal.throwIfAborted();
    const launch = {
      name: server.name,
      command: server.command(),
      logPath: stateLayout(options).log(server.name),
      record: recordOf(server),
    };
    began.add(server);
    const started = startServer(launch);
    const wait = { deadlineMs: readyDeadlineMs, signal: failure.signal };
    await awaitReady(launch, started, () => server.ready(), wait);
    await server.provision();
    const ports = server.ports.map((name) => options.ports[name]).join(', ');
    report(
      `${server.name.padEnd(12)} ready on ${ports} (${((performance.now() - since) / 1_000).toFixed(1)} s)`,
    );
  }

  async function confirm(server: ServerNode): Promise<void> {
    const outcome = await pollReady(() => server.ready(), { deadlineMs: 10_000 });
    if (outcome !== true) {
      throw new StackError(
        `${server.name} runs (process ${recordOf(server).running()?.pid}) but does not answer${outcome}; ` +
          `end it with: npm run stack -- kill ${server.name}`,
      );
    }
    await server.provision();
    report(`${server.name.padEnd(12)} was running`);
  }

  async function undo(server: ServerNode): Promise<void> {
    const record = recordOf(server);
    const process = record.running();
    if (process !== undefined) await endProcess(process, undoGraceMs);
    record.remove();
  }
}

function topologyRunning(options: StackOptions, servers: readonly ServerNode[]): string[] {
  const layout = stateLayout(options);
  // The primary counts even when this call is about a replica alone.
  const names = new Set(['primary', ...servers.map((server) => server.name)]);
  return [...names].filter((name) => new RunRecord(layout.runRecord(name)).running() !== undefined);
}

function leftOut(server: ServerNode, report: Report): boolean {
  const missing = server.executables.filter((name) => findExecutable(name) === undefined);
  if (missing.length === 0) return false;
  if (!server.optional)
    throw new StackError(
      `${server.name} needs ${missing.join(' and ')}, which is not installed; npm run stack -- up installs it`,
    );
  report(`${server.name.padEnd(12)} left out: not installed`);
  return true;
}

/** Runs all; the first failure aborts the others, and is thrown once none is going on any more. */
async function allOrFirstError(
  servers: readonly ServerNode[],
  failure: AbortController,
  work: (server: ServerNode) => Promise<void>,
): Promise<void> {
  let first: unknown;
  await Promise.all(
    servers.map((server) =>
      work(server).catch((error: unknown) => {
        if (!failure.signal.aborted) first = error;
        failure.abort();
      }),
    ),
  );
  if (failure.signal.aborted) throw first;
}
