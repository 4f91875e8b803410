import type { ScriptRunner } from './script.runner.js';

export interface L2Memory {
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  /** Keys pushed out for room since the server started. */
  readonly evictedKeys: number;
  /** Keys of the whole database of the server, not of this cache alone. */
  readonly keys: number;
}

/** What the server says of itself; each question has the deadline of any command. */
export class ServerInfo {
  constructor(private readonly runner: ScriptRunner) {}

  /** Another one after each start of a server. */
  async runId(): Promise<string> {
    return fieldOf(await this.section('server'), 'run_id');
  }

  async memory(): Promise<L2Memory> {
    const [memory, stats, keys] = await Promise.all([
      this.section('memory'),
      this.section('stats'),
      this.runner.command<number>('dbsize', []),
    ]);
    return {
      usedBytes: Number(fieldOf(memory, 'used_memory')),
      maxBytes: Number(fieldOf(memory, 'maxmemory')),
      evictedKeys: Number(fieldOf(stats, 'evicted_keys')),
      keys,
    };
  }

  private async section(name: string): Promise<string> {
    return (await this.runner.command<Buffer>('info', [name])).toString();
  }
}

function fieldOf(section: string, name: string): string {
  return new RegExp(`^${name}:(\\w+)`, 'm').exec(section)?.[1] ?? '';
}
