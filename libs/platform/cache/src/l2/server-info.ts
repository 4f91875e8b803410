import { type L2Memory, memoryOf } from './l2-memory.js';
import type { ScriptRunner } from './script.runner.js';

/** What the server says of itself; each question has the deadline of any command. */
export class ServerInfo {
  constructor(private readonly runner: ScriptRunner) {}

  async ping(): Promise<void> {
    await this.runner.command('ping', []);
  }

  /** Another one after each start of a server. */
  async runId(): Promise<string> {
    return /^run_id:(\w+)/m.exec(await this.section('server'))?.[1] ?? '';
  }

  async memory(): Promise<L2Memory> {
    const [memory, stats, keys] = await Promise.all([
      this.section('memory'),
      this.section('stats'),
      this.runner.command<number>('dbsize', []),
    ]);
    return memoryOf(memory, stats, keys);
  }

  private async section(name: string): Promise<string> {
    return (await this.runner.command<Buffer>('info', [name])).toString();
  }
}
