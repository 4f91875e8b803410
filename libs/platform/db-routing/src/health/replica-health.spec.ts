import { describe, expect, it } from 'vitest';
import { ReplicaHealth, type ProbeResult } from './replica-health.js';

const good: ProbeResult = { lagMs: 100 };
const failed: ProbeResult = { failed: true };
const lag = (lagMs: number): ProbeResult => ({ lagMs });

describe('ReplicaHealth', () => {
  it.each<[string, ProbeResult[], boolean]>([
    ['a new replica is not used before it has answered', [], false],
    ['one good probe is not enough', [good], false],
    ['two good probes in a row let it in', [good, good], true],
    ['a failure between them starts over', [good, failed, good], false],
    ['two failures are borne', [good, good, failed, failed], true],
    ['three failures in a row eject it', [good, good, failed, failed, failed], false],
    ['5 s of lag is borne', [good, good, lag(5_000)], true],
    ['over 5 s of lag ejects it at once', [good, good, lag(5_001)], false],
    [
      'catching up to 3 s is not enough to come back',
      [good, good, lag(9_000), lag(3_000), lag(3_000)],
      false,
    ],
    ['two probes at 2 s bring it back', [good, good, lag(9_000), lag(2_000), lag(2_000)], true],
  ])('%s', (_title, probes, inRotation) => {
    const health = new ReplicaHealth();
    for (const probe of probes) health.record(probe);
    expect(health.inRotation).toBe(inRotation);
  });
});
