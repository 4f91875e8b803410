import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { appEnvironment } from './app-environment.js';
import { httpAnswers } from './http-answers.js';
import { RunRecord } from './run-record.js';
import type { ServerCommand, ServerLaunch } from './server-process.js';
import { StackError } from './stack-error.js';
import { stateLayout, type StackOptions } from './stack-options.js';
import { host, type AppName } from './topology-node.js';
import type { PortName } from './topology-ports.js';

export const appNames: readonly AppName[] = ['order-api', 'worker'];

/** How long an app may take to finish what it has in hand before SIGKILL. */
export const appStopGraceMs = 20_000;

export function isAppName(name: string): name is AppName {
  return (appNames as readonly string[]).includes(name);
}

/** The ports of an app; the one for clients comes first. */
export function appPorts(app: AppName): readonly PortName[] {
  return app === 'order-api' ? ['api', 'api-management'] : ['worker-management'];
}

export function appLaunch(options: StackOptions, app: AppName): ServerLaunch {
  return {
    name: app,
    command: appCommand(options, app),
    logPath: stateLayout(options).log(app),
    record: appRecord(options, app),
  };
}

export function appRecord(options: StackOptions, app: AppName): RunRecord {
  return new RunRecord(stateLayout(options).runRecord(app));
}

/** True once the app says itself that it can serve. */
export function appReady(options: StackOptions, app: AppName): Promise<boolean> {
  const port = options.ports[app === 'order-api' ? 'api-management' : 'worker-management'];
  return httpAnswers(`http://${host}:${port}/health/ready`);
}

/** The process of `npm start`, which restarts apps; see `StopMarker` for how it is told not to. */
export function supervisorRecord(options: StackOptions): RunRecord {
  return new RunRecord(stateLayout(options).runRecord('supervisor'));
}

/** A file that says an app is meant to be down: a supervisor leaves it alone until the file has gone. */
export class StopMarker {
  private readonly path: string;

  constructor(options: StackOptions, app: AppName) {
    this.path = stateLayout(options).stopMarker(app);
  }

  get present(): boolean {
    return existsSync(this.path);
  }

  put(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, '');
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function appCommand(options: StackOptions, app: AppName): ServerCommand {
  const main = join(options.repoRoot, 'apps', app, 'dist', 'main.js');
  if (!existsSync(main)) throw new StackError(`${app} is not built: there is no ${main}; run npm run build`);
  return {
    file: join(options.repoRoot, 'node_modules', '.bin', 'node'),
    args: ['--enable-source-maps', main],
    cwd: options.repoRoot,
    env: appEnvironment(options, { app }),
  };
}
