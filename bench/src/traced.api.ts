import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { freePorts, threadFiles } from '@fourfold-tools/stack';
import { eventually, type RunningProgram, runningProgram } from '@fourfold-tools/testing';
import type { ApiServers } from './tracing-servers.js';

/** An order-api as a process, asked over connections that stay open. */
export class TracedApi {
  private readonly agent = new Agent({ keepAlive: true });

  private constructor(
    private readonly child: RunningProgram,
    private readonly port: number,
    private readonly token: string,
  ) {}

  /** @param bundle URL of its code */
  static async start(
    { envOf, repoRoot, token }: ApiServers,
    bundle: string,
    tracing: Record<string, string>,
  ): Promise<TracedApi> {
    const [api, management] = (await freePorts(2)) as [number, number];
    const env = { PATH: process.env['PATH'] ?? '', ...envOf({ api, management }), ...tracing };
    // A module of the bundle may use a decorator before Nest's own import of it has run.
    const args = ['--import', 'reflect-metadata', fileURLToPath(bundle)];
    const child = runningProgram(process.execPath, args, { cwd: repoRoot, env, stderr: 'inherit' });
    const isReady = () => fetch(`http://127.0.0.1:${management}/health/ready`).then(({ ok }) => ok);
    await eventually(isReady, { deadlineMs: 60_000 });
    return new TracedApi(child, api, token);
  }

  /** @throws Error for an answer other than 200 and 201 */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
      const options = { agent: this.agent, port: this.port, host: '127.0.0.1', method, path, headers };
      const sent = request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () =>
          answer.statusCode === 200 || answer.statusCode === 201
            ? resolve(text)
            : reject(new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`)),
        );
      });
      sent.on('error', reject).end(body && JSON.stringify(body));
    });
  }

  /** What all threads of the process have run so far, in µs. */
  get cpuMicros(): number {
    const nanoseconds = threadFiles(this.child.pid!, 'schedstat').map((text) => Number(text.split(' ')[0]));
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1_000;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.child.kill('SIGTERM');
    await this.child;
  }
}
