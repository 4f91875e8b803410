import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadDemo } from '@fourfold-tools/import';
import { migrateAll } from '@fourfold-tools/migrate';
import {
  appNames,
  appRecord,
  appStopGraceMs,
  endProcess,
  host,
  installMissing,
  installMysql,
  migrationEnvironment,
  Stack,
  StackError,
  type StackOptions,
  supervisorRecord,
} from '@fourfold-tools/stack';
import { ensureDevKeys, signToken } from '@fourfold-tools/token';
import { addressTable } from './address.table.js';
import { AppSupervisor } from './app.supervisor.js';
import { firstOrderCommands } from './first-order.js';
import type { StepProgress } from './step.progress.js';

/** The whole platform on this machine: what `npm start` brings up, and takes down again. */
export class PlatformStart {
  private readonly stack: Stack;
  private readonly apps: readonly AppSupervisor[];
  /** Servers that ran before; a start that fails leaves those alone. */
  private before: ReadonlySet<string> = new Set();
  /** The step that is under way, or the last one; never rejects. */
  private underWay: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: StackOptions,
    private readonly progress: StepProgress,
  ) {
    const report = (line: string) => progress.line(line);
    this.stack = new Stack(options, report);
    this.apps = appNames.map((app) => new AppSupervisor(options, app, report));
  }

  /**
   * Every step from missing servers to a platform that takes orders; then says where everything is.
   * @throws StackError when there is a supervisor already, and whatever a step fails with.
   */
  async up(signal: AbortSignal): Promise<void> {
    const { options, progress } = this;
    this.before = new Set(this.runningNames());
    const step = async <T>(
      title: string,
      work: (report: (line: string) => void) => Promise<T>,
    ): Promise<T> => {
      signal.throwIfAborted();
      return progress.step(title, (report) => {
        const result = work(report);
        this.underWay = result.catch(() => {});
        return unlessAborted(result, signal);
      });
    };

    await step('Server programs are installed', async (report) => {
      installMissing({ report });
      if (options.engine === 'mysql') await installMysql(options.repoRoot, report);
    });
    await step('Servers are up', async (report) => {
      await this.endOrphans(report);
      await new Stack(options, report).up({ withApps: true });
    });
    await step('Schemas are up to date', (report) => migrateAll(migrationEnvironment(options), report));
    await step('Development keys are there', () => ensureDevKeys(options.stateDir));
    await step('order-api and worker are ready', async () => {
      await Promise.all(this.apps.map((app) => app.start(signal)));
    });
    const baseUrl = `http://${host}:${options.ports.api}`;
    const token = await signToken(options.stateDir, { role: 'operator', sub: 'npm-start' });
    const demo = await step('Demo data is loaded', (report) => loadDemo({ baseUrl, token, report, signal }));
    await this.sayWhere(baseUrl, demo);
  }

  /** Apps first, then the servers. Everything, also what ran before: after a Ctrl-C no process is left. */
  async down(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.stop()));
    await this.stack.down();
  }

  /** After a start that failed: stops what it began, and nothing that ran before. */
  async undo(): Promise<void> {
    // A step that can't be broken off, such as a migration, is not cut off from its servers: it ends first.
    await this.underWay;
    await Promise.all(this.apps.map((app) => app.stop()));
    await this.stack.down({ except: this.before });
  }

  /** SIGKILL to everything; for a user who does not want to wait. */
  async kill(): Promise<void> {
    await Promise.all(this.runningNames().map((name) => this.stack.kill(name)));
  }

  private runningNames(): string[] {
    const nodes = this.stack.status().filter(({ state }) => state === 'running');
    return nodes.map(({ name }) => name);
  }

  /** Apps whose supervisor was killed: no process would restart them, so they are ended and started anew. */
  private async endOrphans(report: (line: string) => void): Promise<void> {
    if (supervisorRecord(this.options).running()?.pid !== process.pid) {
      throw new StackError('Another npm start took over this topology; only one can supervise it');
    }
    await Promise.all(
      appNames.map(async (app) => {
        const orphan = appRecord(this.options, app).running();
        if (orphan === undefined) return;
        report(`${app} (process ${orphan.pid}) was left by an earlier start and is ended`);
        await endProcess(orphan, appStopGraceMs);
      }),
    );
  }

  private async sayWhere(baseUrl: string, demo: { productIds: string[]; userIds: string[] }): Promise<void> {
    const [userId, productId] = [demo.userIds[0], demo.productIds[0]];
    if (userId === undefined || productId === undefined) {
      throw new StackError(
        'The demo data has no user or no product: nothing can be ordered; see tools/import',
      );
    }
    const { stateDir } = this.options;
    const commands = firstOrderCommands({
      baseUrl,
      userId,
      productId,
      token: await signToken(stateDir, { role: 'customer', sub: userId }),
      idempotencyKey: randomUUID(),
      answerFile: join(stateDir, 'first-order.txt'),
    });
    const text = [
      '',
      addressTable(this.stack.status(), this.options),
      '',
      'Place an order (201, "pending"):',
      '',
      commands.place,
      '',
      'Read it a moment later ("confirmed"):',
      '',
      commands.read,
      '',
      'Ctrl-C stops everything.',
    ];
    this.progress.line(text.join('\n'));
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([work, aborted]);
}
