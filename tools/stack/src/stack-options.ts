import { join, resolve } from 'node:path';
import { type EngineName, engineNames } from './database-engine.js';
import { StackError } from './stack-error.js';
import { portsFrom, type TopologyPorts } from './topology-ports.js';

export interface StackOptions {
  /** The checkout: where `node_modules`, the apps and the empty database template are. */
  readonly repoRoot: string;
  /** Data, logs, run records, secrets and development keys of this one topology. */
  readonly stateDir: string;
  readonly ports: TopologyPorts;
  /** What primary, replicas and shards are. */
  readonly engine: EngineName;
  /** False leaves Prometheus and Alertmanager out altogether, even where they are installed. */
  readonly prometheus: boolean;
  /** False leaves the receiver of traces out, and the apps send none. */
  readonly traces: boolean;
}

/**
 * Reads `FOURFOLD_STATE_DIR` (default `<repoRoot>/.stack`), `FOURFOLD_PORT_OFFSET`, `FOURFOLD_PORTS`,
 * `FOURFOLD_ENGINE` (`mysql` in place of MariaDB), `FOURFOLD_PROMETHEUS` (`off` leaves it and Alertmanager out) and `FOURFOLD_TRACES` (`off`: no traces).
 * @throws StackError naming the variable that is wrong.
 */
export function stackOptionsFromEnv(env: Record<string, string | undefined>, repoRoot: string): StackOptions {
  return {
    repoRoot: resolve(repoRoot),
    stateDir: resolve(repoRoot, env['FOURFOLD_STATE_DIR'] || '.stack'),
    ports: portsFrom(env),
    engine: engineFrom(env),
    prometheus: env['FOURFOLD_PROMETHEUS'] !== 'off',
    traces: env['FOURFOLD_TRACES'] !== 'off',
  };
}

/** @throws StackError for a name of another engine. */
export function engineFrom(env: Record<string, string | undefined>): EngineName {
  const name = env['FOURFOLD_ENGINE'] || 'mariadb';
  const known = engineNames.find((engine) => engine === name);
  if (known !== undefined) return known;
  throw new StackError(`FOURFOLD_ENGINE is "${name}"; it has to be one of: ${engineNames.join(', ')}`);
}

/** The variables that make another process see the same topology: the inverse of `stackOptionsFromEnv`. */
export function envOf(options: StackOptions): Record<string, string> {
  return {
    FOURFOLD_STATE_DIR: options.stateDir,
    FOURFOLD_PORT_OFFSET: '0',
    FOURFOLD_PORTS: Object.entries(options.ports)
      .map(([name, port]) => `${name}=${port}`)
      .join(','),
    FOURFOLD_ENGINE: options.engine,
    FOURFOLD_PROMETHEUS: options.prometheus ? 'on' : 'off',
    FOURFOLD_TRACES: options.traces ? 'on' : 'off',
  };
}

/** Where each thing of a topology lies. */
export function stateLayout(options: Pick<StackOptions, 'stateDir'>) {
  const at = (...parts: string[]) => join(options.stateDir, ...parts);
  return {
    data: (node: string) => at('data', node),
    log: (node: string) => at('logs', `${node}.log`),
    runRecord: (node: string) => at('run', `${node}.json`),
    /** Present while an app is meant to stay down; see `stack stop worker`. */
    stopMarker: (app: string) => at('run', `${app}.stopped`),
    lock: at('run', 'stack.lock'),
    secrets: at('secrets.json'),
    /** URLs of added shards, a file each. */
    shardSecrets: at('shards'),
    jwt: at('jwt'),
    /** Files that the apps store. */
    objects: at('objects'),
    warehouse: at('warehouse'),
    folders: [at('data'), at('logs'), at('run')],
  };
}
