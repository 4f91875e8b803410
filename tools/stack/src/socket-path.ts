import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The system's limit for the path of a Unix socket is 107 bytes on Linux and 103 on macOS. */
const longestSocketPath = 100;

/**
 * The folder of a topology's Unix sockets: inside its state folder, or, when that lies too deep for a socket, a
 * short one that depends on the state folder only.
 */
export function socketFolder(stateDir: string): string {
  const inside = join(stateDir, 'sockets');
  if (Buffer.byteLength(join(inside, 'replica-1.sock')) <= longestSocketPath) return inside;
  const key = createHash('sha256').update(stateDir).digest('hex').slice(0, 10);
  return join(tmpdir(), `fourfold-${process.getuid?.() ?? 0}-${key}`);
}

export function socketPath(stateDir: string, node: string): string {
  return join(socketFolder(stateDir), `${node}.sock`);
}
