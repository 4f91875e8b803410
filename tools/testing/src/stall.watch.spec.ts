import { describe, expect, it } from 'vitest';
import { gate } from './gate.js';
import { StallWatch } from './stall.watch.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('StallWatch', () => {
  it('notes that this process stood still, and when', async () => {
    const watch = new StallWatch().start();
    const fromMs = performance.now();
    while (performance.now() < fromMs + 60);
    const toMs = performance.now();
    await nextTurn();
    await watch.stop();
    expect(watch.between(fromMs, toMs)).toBeCloseTo(toMs - fromMs, 0);
    expect(watch.between(fromMs + 10, fromMs + 30)).toBeCloseTo(20);
    expect(watch.between(0, fromMs - 1_000)).toBe(0);
  });

  it('notes that another did, by a beat that it held up', async () => {
    const held = gate();
    const watch = new StallWatch(() => held.passed).start();
    const fromMs = performance.now();
    while (performance.now() < fromMs + 30) await nextTurn();
    const toMs = performance.now();
    held.open();
    await watch.stop();
    expect(watch.between(fromMs, toMs)).toBeCloseTo(toMs - fromMs, 0);
  });
});
