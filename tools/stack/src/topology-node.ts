import type { ServerCommand } from './server-process.js';
import type { PortName } from './topology-ports.js';

export const nodeKinds = [
  'primary',
  'replica',
  'shard',
  'redis-cache',
  'redis-queue',
  'smtp',
  'prometheus',
  'alertmanager',
  'traces',
  'app',
] as const;
export type NodeKind = (typeof nodeKinds)[number];
export type NodeState = 'running' | 'stopped' | 'not-installed';
export type AppName = 'order-api' | 'worker';

/** One line of `stack status --json`. */
export interface TopologyNode {
  readonly name: string;
  readonly kind: NodeKind;
  readonly host: string;
  readonly port: number;
  readonly pid: number | null;
  readonly state: NodeState;
  /** The page of the mail catcher. */
  readonly webPort?: number;
  /** Health and metrics of an app whose `port` serves the API. */
  readonly managementPort?: number;
}

export const host = '127.0.0.1';

/** A server that this tool runs: how to prepare, start and judge it. What happens when is `Stack`'s business. */
export interface ServerNode {
  readonly name: string;
  readonly kind: Exclude<NodeKind, 'app'>;
  /** The port that clients use comes first. */
  readonly ports: readonly PortName[];
  /** Programs it can't run without; see `findExecutable`. */
  readonly executables: readonly string[];
  /** Left out, and said so, when its program is missing; any other node is an error then. */
  readonly optional: boolean;
  /** How long a SIGTERM may take before SIGKILL. */
  readonly stopGraceMs: number;
  /** Brings data folder and configuration up to date; nothing of it runs yet. */
  prepare(): Promise<void>;
  command(): ServerCommand;
  /** True once it answers; false or an error means not yet. */
  ready(): Promise<boolean>;
  /** What other processes need before they can use the node: accounts, databases. Repeatable. */
  provision(): Promise<void>;
  /** What needs other nodes that started with it: replication. Repeatable. */
  join(running: ReadonlySet<string>): Promise<void>;
}

export const nothingToDo = async (): Promise<void> => {};
