import { createServer } from 'node:net';
import { PortForbiddenError, PortInUseError } from './stack-error.js';
import type { PortName } from './topology-ports.js';

export interface PortClaim {
  readonly port: number;
  readonly portName: PortName;
  readonly node: string;
}

export type PortState = 'free' | 'in-use' | 'forbidden';

/** Whether a server could listen on `port` of this machine's loopback address now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await probePort(port)) === 'free';
}

function probePort(port: number): Promise<PortState> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('in-use');
      // Below 1024 only root may listen, unless the system says otherwise.
      else if (error.code === 'EACCES') resolve('forbidden');
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve('free')));
  });
}

/** @throws PortForbiddenError, PortInUseError naming every such claim, not only the first. */
export async function checkPorts(
  claims: readonly PortClaim[],
  probe: (port: number) => Promise<PortState> = probePort,
): Promise<void> {
  const states = await Promise.all(claims.map((claim) => probe(claim.port)));
  const those = (state: PortState) => claims.filter((_claim, index) => states[index] === state);
  if (those('forbidden').length > 0) throw new PortForbiddenError(those('forbidden'));
  if (those('in-use').length > 0) throw new PortInUseError(those('in-use'));
}

/** From the first up to, but not including, the second. */
type PortRange = readonly [lowest: number, highest: number];

const LOWEST = 20_000;
/** Ports of one process among those that run tests beside each other. */
const SLICE = 2_400;
const SLICES = 5;

/**
 * Another worker of a test run may not choose what this one has closed for a moment: Vitest numbers them from 1. The
 * process that starts them has the first slice.
 */
function ownRange(): PortRange {
  const first = LOWEST + SLICE * (Number(process.env['VITEST_POOL_ID'] ?? 0) % SLICES);
  return [first, first + SLICE];
}

/** How far this process is in its range: a port comes again only after all others. Who has it may close it for a while. */
let position = Math.floor(Math.random() * SLICE);

/**
 * `count` free ports in a row, for a private topology. They come from below the range that the system hands out to
 * outgoing connections (32768 up), so none of those can take one between this call and the server's start. Who listens
 * much later has a range that other callers do not choose from.
 */
export async function freePorts(count: number, [lowest, highest]: PortRange = ownRange()): Promise<number[]> {
  const size = highest - lowest;
  for (let attempt = 0; attempt < size; attempt++) {
    // A block that would pass the range's end begins at its start, and takes the rest of the lap with it: every call
    // counts laps alike, or a call for one port would be given one of a block that another call has just chosen.
    if ((position % size) + count > size) position += size - (position % size);
    const first = lowest + (position % size);
    // Before the look: another call may be made meanwhile.
    position += count;
    const block = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(block.map(isPortFree));
    if (free.every(Boolean)) return block;
  }
  throw new Error(`No ${count} free ports in a row between ${lowest} and ${highest}`);
}
