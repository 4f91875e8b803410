import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** A process of its own, since it is the process that `runService` decides about. */
function service(main: string) {
  const source = new URL('./run-service.ts', import.meta.url).href;
  const script = `import { runService } from '${source}'; await runService(async () => { ${main} });`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
  const running = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = running;
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    running[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  }
  const ended = once(running, 'close').then(([code, signal]: unknown[]) => ({ code, signal, ...output }));
  return { running, ended, firstOutput: () => once(running.stdout, 'data') };
}

const WAITS = `setInterval(() => {}, 1_000); console.log('waiting'); await new Promise(() => {});`;

describe('a service that is asked to stop while it starts', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends at once on %s, with a line that says so and exit code 0',
    async (signal) => {
      const { running, ended, firstOutput } = service(WAITS);
      await firstOutput();
      running.kill(signal);
      const { code, signal: endedBy, stdout } = await ended;
      expect([code, endedBy]).toEqual([0, null]);
      const lines = stdout.trim().split('\n');
      expect(lines).toHaveLength(2);
      expect(JSON.parse(lines[1]!)).toMatchObject({
        level: 'warn',
        context: 'runService',
        message: `${signal} while starting: it stops before it was ready`,
      });
    },
  );

  it('leaves the signals to the application once it has started', async () => {
    const { running, ended, firstOutput } = service(`
      process.on('SIGTERM', () => { console.log('gracefully'); clearInterval(timer); });
      const timer = setInterval(() => {}, 1_000);
      setImmediate(() => console.log('started'));
    `);
    await firstOutput();
    running.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, signal: null, stdout: 'started\ngracefully\n' });
  });
});

describe('a service that can’t start', () => {
  it('ends with exit code 1 and says why, where', async () => {
    const { ended } = service(`throw new Error('no such entity');`);
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: no such entity\n\s+at /);
  });

  it('says what is wrong with its configuration without a stack', async () => {
    const { ended } = service(
      `throw Object.assign(new Error('PORT: missing'), { name: 'ConfigurationError' });`,
    );
    expect(await ended).toMatchObject({ code: 1, stderr: 'PORT: missing\n' });
  });
});
