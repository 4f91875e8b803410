import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tailOf } from '@fourfold-tools/stack';
import { eventually } from '@fourfold-tools/testing';
import type { FreshClone } from './fresh-clone.js';

/** The last line of a start that went well. */
const closingLine = 'Ctrl-C stops everything.';

/** `npm start` in a clone, as a terminal runs it: it leads the process group that Ctrl-C goes to. */
export class NpmStart {
  private readonly child: ChildProcess;
  private text = '';

  constructor(private readonly clone: FreshClone) {
    const { dir: cwd, env } = clone;
    this.child = spawn('npm', ['start'], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => (this.text += chunk.toString('utf8'));
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.child.on('error', (error) => (this.text += error.message));
  }

  /** Everything it has said so far. */
  get output(): string {
    return this.text;
  }

  /** Resolves once it has said where everything is. */
  up(deadlineMs: number): Promise<void> {
    return this.says(closingLine, deadlineMs);
  }

  async says(text: string, deadlineMs: number): Promise<void> {
    await eventually(() => this.ended || this.text.includes(text), { deadlineMs, everyMs: 100 });
    if (!this.text.includes(text)) throw new Error(`npm start ended with ${this.outcome} before "${text}"`);
  }

  /** The command that was printed under the line that begins with `heading`, ready for a shell. */
  printedCommand(heading: string): string {
    const lines = this.text.split('\n');
    const first = lines.findIndex((line) => line.startsWith(heading)) + 2;
    const command = lines.slice(first, lines.indexOf('', first));
    if (first < 2 || command.length === 0)
      throw new Error(`npm start has printed nothing under "${heading}"`);
    return command.join('\n');
  }

  /** Ctrl-C. What it ended with: an exit code, or the signal it fell to. */
  async interrupt(deadlineMs: number): Promise<string> {
    if (!this.ended) this.signal('SIGINT');
    await eventually(() => this.ended, { deadlineMs });
    return this.outcome;
  }

  /** For when nothing else has helped. */
  kill(): void {
    if (!this.ended) this.signal('SIGKILL');
  }

  /** What a reader needs to see why it failed: the end of its output and of each log. */
  evidence(): string {
    const logs = join(this.clone.options.stateDir, 'logs');
    const names = existsSync(logs) ? readdirSync(logs) : [];
    const tails = names.map((name) => `── ${name}\n${tailOf(join(logs, name), 15)}`);
    return [`── npm start\n${this.text.split('\n').slice(-60).join('\n')}`, ...tails].join('\n');
  }

  private get ended(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private get outcome(): string {
    return this.child.signalCode ?? `exit code ${this.child.exitCode}`;
  }

  private signal(name: NodeJS.Signals): void {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, name);
  }
}
