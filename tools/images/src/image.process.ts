import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { identify, procFile } from '@fourfold-tools/stack';
import type { ImageConfig } from './image.store.js';
import { CheckFailedError } from './run.js';

export interface Container {
  /** The image's root folder. */
  readonly files: string;
  readonly config: ImageConfig;
  /** Added to what the image sets. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders of this machine that it sees, by their path inside. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Instead of the image's own command. */
  readonly command?: readonly string[];
}

/**
 * Becomes process 1 of its own process tree, has the image's files as a root that can't be written, a /tmp in memory,
 * the image's user without any capability, and this machine's network.
 */
const script = `set -eu
files=$1 user=$2 group=$3 folder=$4; shift 4
read -r pid rest < /proc/self/stat; echo "$pid" >&3; exec 3>&-
mount --bind "$files" "$files"
mount -t proc proc "$files/proc"
mount --rbind /dev "$files/dev"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$files/tmp"
while [ "$1" != -- ]; do mount --bind "$2" "$files$1"; shift 2; done; shift
mount -o remount,bind,ro "$files"
exec chroot "$files" /usr/bin/setpriv --reuid="$user" --regid="$group" --clear-groups --no-new-privs \\
  --bounding-set=-all /usr/bin/env -i -C "$folder" "$@"`;

/** A container of an image, without a container engine. */
export class ImageProcess {
  private readonly child: ChildProcess;
  private readonly pid: Promise<number>;
  readonly ended: Promise<string>;
  private text = '';

  constructor({ files, config, env, volumes = {}, command = config.Cmd }: Container) {
    for (const inside of Object.keys(volumes)) mkdirSync(join(files, inside), { recursive: true });
    const [user = '', group = user] = config.User.split(':');
    const settings = [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    const mounts = Object.entries(volumes).flat();
    const args = ['--mount', '--pid', '--fork', '--kill-child=KILL', 'sh', '-c', script, 'sh'];
    const inside = [files, user, group, config.WorkingDir, ...mounts, '--', ...settings, ...command];
    this.child = spawn('unshare', [...args, ...inside], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    const reap = () => this.child.kill('SIGKILL');
    process.once('exit', reap);
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code, signal) => {
        process.off('exit', reap);
        resolve(signal === null ? `exit code ${code}` : `ended by ${signal}`);
      }),
    );
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    this.pid = new Promise((resolve, reject) => {
      this.child.stdio[3]?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
      void this.ended.then((how) => reject(new CheckFailedError(`It never started: ${how}\n${this.text}`)));
    });
    // Asked for later or never; then the end says more.
    this.pid.catch(() => {});
  }

  /** All that it has printed. */
  get output(): string {
    return this.text;
  }

  /** As an engine sends it: to process 1, from outside. */
  async send(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.pid, signal);
  }

  /** At once, with all that it has started. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** The user, the capabilities and the root's mount options of its process, as the kernel has them. */
  async identity(): Promise<{ uid: number; capabilities: string; rootIsReadOnly: boolean }> {
    const pid = await this.pid;
    const status = procFile(pid, 'status');
    const rootLine = procFile(pid, 'mountinfo')
      .split('\n')
      .find((line) => line.split(' ')[4] === '/');
    return {
      uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]),
      capabilities: /^CapBnd:\s+(\w+)/m.exec(status)?.[1] ?? '',
      rootIsReadOnly: rootLine?.split(' ')[5]?.split(',').includes('ro') ?? false,
    };
  }

  get running(): boolean {
    return this.child.pid !== undefined && identify(this.child.pid) !== undefined;
  }
}

/** Runs a command of an image to its end. @throws CheckFailedError when it does not end well */
export async function runToEnd(container: Container, expected = 'exit code 0'): Promise<string> {
  const ran = new ImageProcess(container);
  const how = await ran.ended;
  if (how !== expected)
    throw new CheckFailedError(
      `${(container.command ?? container.config.Cmd).join(' ')}: ${how}\n${ran.output.slice(-3_000)}`,
    );
  return ran.output;
}
