import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A connect on this machine is done in well under a millisecond, or never. */
const hangsAfterMs = 150;
/** Linux queues one connection more than the backlog says, others half as many more. */
const mostQueued = 16;

/**
 * An address where a TCP connect neither succeeds nor fails, like that of a host that is off or behind a firewall
 * that drops: what listens there never accepts, its queue is full, and the system drops every further SYN.
 */
export class BlackHole {
  private constructor(
    readonly port: number,
    private readonly listener: ChildProcess,
    private readonly queued: readonly Socket[],
  ) {}

  /** @throws Error where the system answers even with a full queue, and when the listener does not start. */
  static async open(): Promise<BlackHole> {
    const script = fileURLToPath(new URL('../src/black-hole.listener.mjs', import.meta.url));
    const listener = spawn(process.execPath, [script, String(process.pid)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const failed = once(listener, 'exit').then(([code]) => {
      throw new Error(`The listener of the black hole ended: exit code ${code}`);
    });
    const [port] = (await Promise.race([once(listener.stdout, 'data'), failed])) as [Buffer];
    const queued: Socket[] = [];
    const hole = new BlackHole(Number(port), listener, queued);
    while (queued.length < mostQueued) {
      const socket = connect(hole.port, '127.0.0.1').on('error', () => {});
      if (await hangs(socket)) {
        socket.destroy();
        return hole;
      }
      queued.push(socket);
    }
    await hole.close();
    throw new Error(`A listener that accepts nothing took ${mostQueued} connections: no black hole here`);
  }

  /** `url` with the address of the black hole. */
  urlLike(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.port);
    return changed.href;
  }

  /** Connections that still hang are refused when the system tries them again, after a second or more. */
  async close(): Promise<void> {
    for (const socket of this.queued) socket.destroy();
    if (this.listener.exitCode !== null || this.listener.signalCode !== null) return;
    const exited = once(this.listener, 'exit');
    this.listener.kill('SIGKILL');
    await exited;
  }
}

async function hangs(socket: Socket): Promise<boolean> {
  const connected = once(socket, 'connect').then(() => true);
  if (await Promise.race([connected, pause(hangsAfterMs, false)])) return false;
  // A busy process may be late for both: what has happened meanwhile is seen by the next turn of the event loop.
  await turnOfTheLoop();
  return socket.connecting;
}
