import { gate } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { watchedNode } from '../testing/watched-node.js';
import { type ProbeResult, ReplicaHealth } from '../health/replica-health.js';

function inRotation(): ReplicaHealth {
  const health = new ReplicaHealth();
  for (const sequence of [1, 2]) health.record({ lagMs: 0 }, sequence, 0);
  health.recordTrial(undefined, 0);
  return health;
}

/** Two probes under way at once; the answer to the one that began first comes last, and is bad. */
async function overtake(health: ReplicaHealth, sequenceOf: () => number) {
  const answers = [gate<ProbeResult>(), gate<ProbeResult>()] as const;
  const [older, newer] = answers.map(async ({ passed }) => {
    const result = await passed;
    return health.record(result, sequenceOf(), 0);
  });
  answers[1].open({ lagMs: 20 });
  await newer;
  answers[0].open({ lagMs: 60_000 });
  return older;
}

describe('of two probes that overlap, the older one whose answer arrives later', () => {
  it('says nothing any more: neither state nor lag change', async () => {
    // The monitor begins no second one by itself while one is under way: this is the last line of defence.
    const { monitor, node, health, find, answers } = watchedNode();
    find(undefined);
    const [older, newer] = [monitor['probe'](node), monitor['probe'](node)];
    answers[1]!.open({ result: { lagMs: 20 } });
    await newer;
    answers[0]!.open({ result: { lagMs: 60_000 } });
    await older;
    expect([health.state, health.lagMs]).toEqual(['healthy', 20]);
    monitor.stop();
  });

  it('naive twin: numbered as they arrive, it ejects a replica that is well', async () => {
    const health = inRotation();
    let arrived = 10;
    await overtake(health, () => (arrived += 1));
    expect([health.state, health.lagMs]).toEqual(['ejected', 60_000]);
  });
});
