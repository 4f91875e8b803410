import { eventually, seeded } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { FaultInjector, faultKinds, type MortalService } from './fault.injector.js';

class Fake implements MortalService {
  running = true;
  readonly log = 'its last words';
  /** Started again, it stays away as long as this is so. */
  staysDown = false;

  constructor(
    readonly name: string,
    private readonly journal: string[],
  ) {}

  async kill(): Promise<void> {
    this.running = false;
    this.journal.push(this.name);
  }

  async start(): Promise<void> {
    await eventually(() => !this.staysDown, { everyMs: 1 });
    this.running = true;
  }
}

function scene(seed = 1) {
  const killed: string[] = [];
  const fakes = ['api 0', 'api 1', 'worker 0', 'worker 1', 'redis'].map((name) => new Fake(name, killed));
  const [api0, api1, worker0, worker1, queueRedis] = fakes as [Fake, Fake, Fake, Fake, Fake];
  const faults = new FaultInjector(
    { apis: [api0, api1], workers: [worker0, worker1], queueRedis },
    { random: seeded(seed), everyMs: 1, report: () => {} },
  );
  return { faults, fakes, api0, killed };
}

async function runUntil(faults: FaultInjector, total: number): Promise<void> {
  const running = faults.run();
  await eventually(() => faults.total >= total, { everyMs: 1 });
  await faults.stop();
  await running;
}

const kindOf = (name: string): string => name.split(' ')[0]!;

describe('the injector of faults', () => {
  it('gives each kind its turn before any has a second one', async () => {
    const { faults, killed } = scene();
    await runUntil(faults, 9);
    for (const turn of [0, 3, 6]) {
      expect(
        killed
          .slice(turn, turn + 3)
          .map(kindOf)
          .sort(),
      ).toEqual(['api', 'redis', 'worker']);
    }
  });

  it('never kills the last of its kind while its twin is away, and goes on with the others', async () => {
    const { faults, fakes, killed } = scene();
    for (const fake of fakes.slice(0, 4)) fake.staysDown = true;
    const running = faults.run();
    await eventually(() => killed.filter((name) => name === 'redis').length >= 3, { everyMs: 1 });
    expect(
      killed
        .map(kindOf)
        .filter((kind) => kind !== 'redis')
        .sort(),
    ).toEqual(['api', 'worker']);
    for (const fake of fakes) fake.staysDown = false;
    await faults.stop();
    await running;
  });

  it('leaves everything up when it has stopped', async () => {
    const { faults, fakes } = scene();
    await runUntil(faults, faultKinds.length);
    expect(fakes.every(({ running }) => running)).toBe(true);
  });

  it('draws the same victims for the same seed, and others for another', async () => {
    const victims = async (seed: number) => {
      const { faults, killed } = scene(seed);
      await runUntil(faults, 12);
      return killed.slice(0, 12);
    };
    expect(await victims(5)).toEqual(await victims(5));
    expect(await victims(5)).not.toEqual(await victims(6));
  });

  it('says when a service has ended that the injector did not kill', () => {
    const { faults, api0 } = scene();
    api0.running = false;
    expect(() => faults.throwIfSomethingDied()).toThrow('its last words');
  });
});
