import { describe, expect, it } from 'vitest';
import { checkPorts, freePorts, type PortClaim, type PortState } from './port-check.js';
import { PortForbiddenError, PortInUseError } from './stack-error.js';

const claims: readonly PortClaim[] = [
  { port: 80, portName: 'api', node: 'order-api' },
  { port: 25, portName: 'smtp', node: 'mail' },
  { port: 13_306, portName: 'primary', node: 'primary' },
];
const check = (states: Record<number, PortState>) =>
  checkPorts(claims, async (port) => states[port] ?? 'free');

describe('checkPorts', () => {
  it('is content where every port is free', () => expect(check({})).resolves.toBeUndefined());

  it('says which ports this user may not have, for which node, and what sets them', async () => {
    const outcome = check({ 80: 'forbidden', 25: 'forbidden', 13_306: 'in-use' });
    await expect(outcome).rejects.toThrow(PortForbiddenError);
    await expect(outcome).rejects.toThrow(
      /port 80, which order-api is to use: set FOURFOLD_PORTS="api=.*\n.*port 25, which mail .*"smtp=/,
    );
  });

  it('says which ports are taken', async () => {
    const outcome = check({ 13_306: 'in-use' });
    await expect(outcome).rejects.toThrow(PortInUseError);
    await expect(outcome).rejects.toThrow(/Port 13306 is in use, and primary needs it.*"primary=/);
  });
});

describe('freePorts', () => {
  /** Below what tests choose from, so that nothing else looks at it. */
  const range = [18_000, 18_100] as const;

  it('gives no port of a block to the next calls, however often the range was used', async () => {
    for (let used = 0; used < 600;) {
      const calls = await Promise.all([17, 1, 1, 5].map((count) => freePorts(count, range)));
      const ports = calls.flat();
      expect(new Set(ports).size, ports.join()).toBe(ports.length);
      used += ports.length;
    }
  });
});
