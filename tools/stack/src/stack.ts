import { mkdirSync, rmSync } from 'node:fs';
import {
  appLaunch,
  appNames,
  appPorts,
  appReady,
  appRecord,
  appStopGraceMs,
  isAppName,
  StopMarker,
  supervisorRecord,
} from './app-process.js';
import { bringUp, type Report } from './bring-up.js';
import { withExclusiveLock } from './exclusive-lock.js';
import { checkPorts, type PortClaim } from './port-check.js';
import { endProcess } from './end-process.js';
import { poll } from './poll.js';
import { RunRecord } from './run-record.js';
import { awaitReady, startServer } from './server-process.js';
import { socketFolder } from './socket-path.js';
import { StackError, UsageError } from './stack-error.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { stackStatus } from './stack-status.js';
import { assertStateFolder, claimStateFolder, deleteState } from './state-folder.js';
import { stopOrder, topologyServers } from './topology.js';
import type { AppName, ServerNode, TopologyNode } from './topology-node.js';

/** A supervisor stops its apps and its servers before it goes; this is longer than it takes for either. */
const supervisorGraceMs = 60_000;

/**
 * The local topology: every server, and the apps as far as stopping them goes. All state is in run records on disk, so
 * any number of instances and processes may look at one topology; those that change it take turns.
 */
export class Stack {
  private readonly layout: ReturnType<typeof stateLayout>;

  constructor(
    readonly options: StackOptions,
    private readonly report: Report = () => {},
    /** What this instance starts, shows and stops, beside the apps. Default: the whole topology. */
    private readonly part?: readonly ServerNode[],
  ) {
    this.layout = stateLayout(options);
  }

  /** A shard may be added or removed by another process. */
  private get servers(): readonly ServerNode[] {
    return this.part ?? topologyServers(this.options);
  }

  status(): TopologyNode[] {
    return stackStatus(this.options, this.servers);
  }

  /**
   * Starts what is not running. With `withApps`, the apps' ports have to be free as well: the caller that is about to
   * start them learns of a conflict before anything has begun.
   */
  async up({ withApps = false }: { withApps?: boolean } = {}): Promise<void> {
    claimStateFolder(this.options.stateDir);
    const alsoClaimed = withApps ? appNames.flatMap((app) => this.claimsOf(app)) : [];
    await this.exclusively(() =>
      bringUp({ options: this.options, servers: this.servers, alsoClaimed, report: this.report }),
    );
  }

  /**
   * Makes this process the topology's one supervisor, until what it gives back is called. Of two that try at once,
   * one gets it.
   * @throws StackError when another process is.
   */
  async supervise(): Promise<() => void> {
    claimStateFolder(this.options.stateDir);
    const record = supervisorRecord(this.options);
    await this.exclusively(async () => {
      const other = record.running();
      if (other !== undefined) {
        throw new StackError(
          `npm start runs already (process ${other.pid}); stop it there, or: npm run stack -- down`,
        );
      }
      record.write(process.pid);
    });
    return () => {
      if (record.running()?.pid === process.pid) record.remove();
    };
  }

  /** Stops everything but the nodes in `except`: a supervisor and its apps, then the servers. */
  async down({ except = new Set() }: { except?: ReadonlySet<string> } = {}): Promise<void> {
    const supervisor = supervisorRecord(this.options).running();
    if (supervisor !== undefined && supervisor.pid !== process.pid) {
      this.report(`npm start (process ${supervisor.pid}) is asked to end`);
      await endProcess(supervisor, supervisorGraceMs);
    }
    await this.exclusively(async () => {
      await Promise.all(
        appNames.filter((app) => !except.has(app)).map((app) => this.end(app, appStopGraceMs)),
      );
      for (const kinds of stopOrder) {
        const group = this.servers.filter(
          (server) => kinds.includes(server.kind) && !except.has(server.name),
        );
        await Promise.all(group.map((server) => this.end(server.name, server.stopGraceMs)));
      }
    });
  }

  /**
   * `down`, and everything that the stack made is deleted; the empty database template stays, since it holds no data.
   * Returns the names of what it left in the state folder.
   * @throws ForeignFolderError, before anything is stopped, when the stack did not make the folder.
   */
  async reset(): Promise<string[]> {
    const { stateDir } = this.options;
    assertStateFolder(stateDir);
    await this.down();
    const left = deleteState(stateDir);
    rmSync(socketFolder(stateDir), { recursive: true, force: true });
    this.report(`deleted the state in ${stateDir}`);
    return left;
  }

  async start(name: string): Promise<void> {
    claimStateFolder(this.options.stateDir);
    if (isAppName(name)) return this.startApp(name);
    const server = this.serverNamed(name);
    await this.exclusively(() =>
      bringUp({ options: this.options, servers: [server], alsoClaimed: [], report: this.report }),
    );
  }

  /** Graceful: SIGTERM, and SIGKILL only after the node's own deadline. A stopped app is not restarted. */
  async stop(name: string): Promise<void> {
    let ended: boolean;
    if (isAppName(name)) {
      new StopMarker(this.options, name).put();
      ended = await this.end(name, appStopGraceMs);
    } else {
      const server = this.serverNamed(name);
      ended = await this.exclusively(() => this.end(server.name, server.stopGraceMs));
    }
    if (!ended) this.report(`${name} was not running`);
  }

  /** SIGKILL at once, as a crash would: no turn is waited for, and a supervisor restarts an app that goes this way. */
  async kill(name: string): Promise<void> {
    const known = isAppName(name) ? name : this.serverNamed(name).name;
    if (!(await this.end(known, 0))) this.report(`${name} was not running`);
  }

  private async startApp(app: AppName): Promise<void> {
    new StopMarker(this.options, app).remove();
    const record = appRecord(this.options, app);
    if (supervisorRecord(this.options).running() !== undefined) {
      const runs = await poll(() => record.running() !== undefined, { deadlineMs: 15_000 });
      if (!runs)
        throw new StackError(`npm start runs but has not started ${app} within 15 s; see its output`);
      this.report(`${app} started by npm start (process ${record.running()?.pid})`);
      return;
    }
    if (record.running() !== undefined) return this.report(`${app} was running`);
    await checkPorts(this.claimsOf(app));
    const launch = appLaunch(this.options, app);
    const ready = () => appReady(this.options, app);
    await awaitReady(launch, startServer(launch), ready, { deadlineMs: 60_000 });
    this.report(`${app} started without a supervisor: nothing restarts it (npm start does)`);
  }

  /** False when there was nothing to end. */
  private async end(name: string, graceMs: number): Promise<boolean> {
    const record = new RunRecord(this.layout.runRecord(name));
    const process = record.running();
    if (process === undefined) return false;
    const willingly = await endProcess(process, graceMs);
    // A supervisor may have started it anew by now; that record is not ours to remove.
    if (record.running() === undefined) record.remove();
    const how = willingly
      ? 'stopped'
      : graceMs === 0
        ? 'killed'
        : `killed: still there after ${graceMs / 1_000} s`;
    this.report(`${name.padEnd(12)} ${how}`);
    return true;
  }

  private claimsOf(app: AppName): PortClaim[] {
    if (appRecord(this.options, app).running() !== undefined) return [];
    return appPorts(app).map((portName) => ({ portName, port: this.options.ports[portName], node: app }));
  }

  private serverNamed(name: string): ServerNode {
    const server = this.servers.find((candidate) => candidate.name === name);
    if (server !== undefined) return server;
    const names = [...this.servers.map((candidate) => candidate.name), ...appNames];
    throw new UsageError(`There is no node "${name}"; there are: ${names.join(', ')}`);
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    for (const folder of this.layout.folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
    return withExclusiveLock(this.layout.lock, work, {
      onWait: (pid) => {
        if (pid !== process.pid) this.report(`waiting for process ${pid}, which is changing this topology`);
      },
    });
  }
}
