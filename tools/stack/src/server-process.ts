import { spawn } from 'node:child_process';
import { LogFile } from './log-file.js';
import { poll } from './poll.js';
import { endProcess } from './end-process.js';
import type { ProcessIdentity } from './process-identity.js';
import type { RunRecord } from './run-record.js';
import { StackError } from './stack-error.js';

export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ServerLaunch {
  readonly name: string;
  readonly command: ServerCommand;
  readonly logPath: string;
  readonly record: RunRecord;
}

/** A server as the process that started it sees it. */
export interface StartedServer {
  /** Undefined when it could not be run at all or ended at once. */
  readonly identity: ProcessIdentity | undefined;
  /** How it ended, in words; settles then, and never rejects. */
  readonly ended: Promise<string>;
  /** The end of what it has logged since this start. */
  tail(): string;
}

/**
 * Starts a process that outlives this one, in a process group of its own: a terminal's Ctrl-C does not reach it,
 * so the process that stops the servers decides their order.
 */
export function startServer({ command, logPath, record }: ServerLaunch): StartedServer {
  const log = LogFile.open(logPath);
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...inheritedEnvironment(), ...command.env },
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  log.close();
  child.unref();
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${command.file} can't be run: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `exit code ${code}` : `ended by ${signal}`),
    );
  });
  const identity = child.pid === undefined ? undefined : record.write(child.pid);
  return { identity, ended, tail: () => log.tail() };
}

/**
 * Waits until a server just started answers.
 * @throws StackError with the end of its log when it ends or is not ready in time; it is not left running.
 */
export async function awaitReady(
  launch: ServerLaunch,
  server: StartedServer,
  ready: () => Promise<boolean>,
  { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  let end: string | undefined;
  void server.ended.then((how) => (end = how));
  const outcome = await pollReady(ready, {
    deadlineMs,
    stop: () => end !== undefined || signal?.aborted === true,
  });
  signal?.throwIfAborted();
  if (outcome === true && end === undefined) return;
  if (server.identity !== undefined) await endProcess(server.identity, 0);
  launch.record.remove();
  const why = end ?? `it did not answer within ${deadlineMs / 1_000} s${outcome === true ? '' : outcome}`;
  const tail = server.tail() || '(it logged nothing)';
  throw new StackError(`${launch.name} did not start: ${why}\n${tail}\nLog: ${launch.logPath}`);
}

/** True once ready (or stopped), else the last reason why not, in parentheses. */
export async function pollReady(
  ready: () => Promise<boolean>,
  { deadlineMs, stop = () => false }: { deadlineMs: number; stop?: () => boolean },
): Promise<true | string> {
  let reason = '';
  const done = await poll(
    async () => {
      if (stop()) return true;
      return ready().catch((error: Error) => {
        reason = ` (${error.message})`;
        return false;
      });
    },
    { deadlineMs },
  );
  return done || reason;
}

/** What a server may take over from this shell: not NODE_OPTIONS, NODE_ENV or a test runner's variables. */
export function inheritedEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
