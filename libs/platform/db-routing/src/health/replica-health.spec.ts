import { describe, expect, it } from 'vitest';
import { type ProbeResult, ReplicaHealth, type ReplicaState } from './replica-health.js';

type Step = ProbeResult | 'trial succeeds' | 'trial fails' | { passMs: number };

const good: Step = { lagMs: 100 };
const failed: Step = { failed: 'no answer' };
const lag = (lagMs: number): Step => ({ lagMs });
const admitted: Step[] = [good, good, 'trial succeeds'];
const ejected: Step[] = [...admitted, failed, failed, failed];
const returning: Step[] = [...ejected, good, good, 'trial succeeds'];

function after(steps: Step[]): { health: ReplicaHealth; nowMs: number } {
  const health = new ReplicaHealth();
  let nowMs = 0;
  steps.forEach((step, sequence) => {
    if (step === 'trial succeeds') health.recordTrial(undefined, nowMs);
    else if (step === 'trial fails') health.recordTrial(new Error('refused'), nowMs);
    else if ('passMs' in step) nowMs += step.passMs;
    else health.record(step, sequence, nowMs);
  });
  return { health, nowMs };
}

describe('ReplicaHealth', () => {
  it.each<[string, Step[], ReplicaState]>([
    ['a new replica is not used before it has answered', [], 'ejected'],
    ['one good probe is not enough', [good], 'ejected'],
    ['two good probes in a row are worth a trial', [good, good], 'probing'],
    ['…a bad one between them starts over', [good, failed, good], 'ejected'],
    ['the trial lets a new replica in', admitted, 'healthy'],
    ['…or not', [good, good, 'trial fails'], 'ejected'],
    ['…and after a failed one it takes two good probes again', [good, good, 'trial fails', good], 'ejected'],
    [
      'a probe that fails before the trial is over ends it',
      [good, good, failed, 'trial succeeds'],
      'ejected',
    ],
    ['one failure makes it suspect', [...admitted, failed], 'suspect'],
    ['a good probe clears it', [...admitted, failed, failed, good], 'healthy'],
    ['three failures in a row eject it', ejected, 'ejected'],
    ['5 s of lag is borne', [...admitted, lag(5_000)], 'healthy'],
    ['over 5 s of lag ejects it at once', [...admitted, lag(5_001)], 'ejected'],
    ['…a suspect too', [...admitted, failed, lag(5_001)], 'ejected'],
    ['…and one on trial', [good, good, lag(5_001)], 'ejected'],
    [
      'catching up to 3 s is not enough to come back',
      [...admitted, lag(9_000), lag(3_000), lag(3_000)],
      'ejected',
    ],
    ['two probes at 2 s are', [...admitted, lag(9_000), lag(2_000), lag(2_000)], 'probing'],
    ['one that comes back starts slowly', returning, 'slow-start'],
    ['…for 10 s', [...returning, { passMs: 9_999 }, good], 'slow-start'],
    ['…and is healthy then', [...returning, { passMs: 10_000 }, good], 'healthy'],
    ['a suspect in its slow start goes on with that', [...returning, failed, good], 'slow-start'],
  ])('%s', (_title, steps, state) => {
    expect(after(steps).health.state).toBe(state);
  });

  it.each<[string, Step[], number]>([
    ['a healthy one carries its full weight', admitted, 1],
    ['one that has just come back a tenth', returning, 0.1],
    ['half of it after half the time', [...returning, { passMs: 5_000 }], 0.5],
    ['also while it is suspect', [...returning, { passMs: 5_000 }, failed], 0.5],
  ])('weight: %s', (_title, steps, weight) => {
    const { health, nowMs } = after(steps);
    expect(health.weight(nowMs)).toBe(weight);
  });

  it.each<[string, Step[], boolean]>([
    ['one that is 8 s behind may be asked for', [...admitted, lag(8_000)], true],
    ['…not at over 10 s', [...admitted, lag(8_000), lag(10_001)], false],
    ['…nor when it has stopped answering', [...admitted, lag(8_000), failed], false],
    ['one that was ejected because it failed may not', ejected, false],
  ])('useReplica: %s', (_title, steps, usable) => {
    expect(after(steps).health.usableWhenForced).toBe(usable);
  });

  it('ignores a result that a later probe has overtaken', () => {
    const { health } = after(admitted);
    expect(health.record({ lagMs: 50 }, 11, 0)).toBeUndefined();
    expect(health.record({ lagMs: 60_000 }, 10, 0)).toBeUndefined();
    expect(health.state).toBe('healthy');
    expect(health.lagMs).toBe(50);
  });

  it('tells each change once, with where from and why', () => {
    const { health } = after(admitted);
    expect(health.record({ failed: 'no answer' }, 11, 0)).toEqual({
      from: 'healthy',
      to: 'suspect',
      why: 'no answer',
    });
    expect(health.record({ failed: 'no answer' }, 12, 0)).toBeUndefined();
    expect(health.record({ failed: 'no answer' }, 13, 0)).toMatchObject({ from: 'suspect', to: 'ejected' });
    expect(health.ejectionReason).toBe('unreachable');
  });

  it('tells of one that is out for its lag and then stops answering as well: once', () => {
    const { health } = after([...admitted, lag(9_000), failed, failed]);
    const unreachable = { from: 'ejected', to: 'ejected', why: 'no answer' };
    expect(health.record({ failed: 'no answer' }, 20, 0)).toEqual(unreachable);
    expect(health.ejectionReason).toBe('unreachable');
    expect(health.record({ failed: 'no answer' }, 21, 0)).toBeUndefined();
  });
});
