import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { Redis, type RedisOptions } from 'ioredis';
import { eventually } from './eventually.js';
import { type RunningProgram, runningProgram } from './running.program.js';

export const HOST = '127.0.0.1';

/** Servers of a test's own, by their port. They don't outlive this process, which may be ended by a signal. */
export class RedisProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), 'fourfold-redis-'));
  private readonly children = new Map<number, RunningProgram>();

  /** @param access to each server, for what is asked of it here */
  constructor(private readonly access: RedisOptions = {}) {}

  /** @param settings as arguments of `redis-server`; the port is among them if it is not the plain one */
  async startRedis(port: number, ...settings: readonly string[]): Promise<void> {
    const dir = join(this.folder, String(port));
    mkdirSync(dir, { recursive: true });
    const own = settings.includes('--port') ? [] : ['--port', String(port)];
    // A replica has its copy at once, and not 5 s later, in which others could ask for one too.
    const common = ['--bind', HOST, '--dir', dir, '--save', '', '--repl-diskless-sync-delay', '0'];
    await this.run('redis-server', port, [...own, ...common, ...settings]);
  }

  async run(program: string, port: number, args: readonly string[]): Promise<void> {
    this.children.set(port, runningProgram(program, args));
    await eventually(() => this.ask(port, 'PING').then(() => true));
  }

  async kill(port: number): Promise<void> {
    const child = this.children.get(port);
    if (child === undefined) return;
    this.children.delete(port);
    child.kill();
    await child;
  }

  /** Connections stay open and nothing answers. */
  freeze(port: number): void {
    this.children.get(port)?.kill('SIGSTOP');
  }

  thaw(port: number): void {
    this.children.get(port)?.kill('SIGCONT');
  }

  /**
   * From now on the frozen `replica` gets nothing of what `master` is told: the link is broken, which alone is not enough
   * (what lies in a socket's buffer is read after the thaw), and cannot be made anew.
   */
  async cutOff(replica: number, master: number): Promise<void> {
    this.freeze(replica);
    await this.ask(master, 'CLIENT', 'KILL', 'TYPE', 'replica');
  }

  /** Waits until `replica` has all that `master` has written so far. */
  async replicated(replica: number, master: number): Promise<void> {
    const offset = async (port: number) =>
      Number(/master_repl_offset:(\d+)/.exec(String(await this.ask(port, 'INFO', 'replication')))?.[1]);
    const written = await offset(master);
    await eventually(async () => (await offset(replica)) >= written);
  }

  /** Over a connection of its own; fails where nothing answers. */
  async ask(port: number, command: string, ...parameters: (string | number)[]): Promise<unknown> {
    const client = this.client(port, { retryStrategy: () => null });
    try {
      return await client.call(command, ...parameters);
    } finally {
      client.disconnect();
    }
  }

  /** A plain client, for looking behind a library's back. The caller disconnects it. */
  client(port: number, options: RedisOptions = {}): Redis {
    const client = new Redis({
      ...this.access,
      port,
      host: HOST,
      lazyConnect: true,
      enableReadyCheck: false,
      disableClientInfo: true,
      ...options,
    });
    return client.on('error', () => {});
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.children.keys()].map((port) => this.kill(port)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An authority, and a certificate of it for the host that the servers and the clients share. @returns paths */
  certificates(): Record<'ca' | 'cert' | 'key', string> {
    const path = (name: string): string => join(this.folder, name);
    const openssl = (...args: string[]): unknown => execaSync('openssl', args);
    const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '1'];
    openssl(
      'req',
      '-x509',
      ...fresh,
      '-subj',
      '/CN=Test CA',
      '-keyout',
      path('ca.key'),
      '-out',
      path('ca.crt'),
    );
    const signed = ['-CA', path('ca.crt'), '-CAkey', path('ca.key'), '-addext', `subjectAltName=IP:${HOST}`];
    const names = ['-subj', '/CN=Test', '-keyout', path('redis.key'), '-out', path('redis.crt')];
    openssl('req', '-x509', ...fresh, ...signed, ...names);
    return { ca: path('ca.crt'), cert: path('redis.crt'), key: path('redis.key') };
  }
}
