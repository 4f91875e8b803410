import { describe, expect, it } from 'vitest';
import { gate } from './gate.js';

describe('gate', () => {
  it('holds a waiting caller until it is opened, and passes the value on', async () => {
    const held = gate<number>();
    const steps: string[] = [];
    const waiting = held.passed.then((value) => steps.push(`passed with ${value}`));
    steps.push(held.isOpen ? 'open' : 'closed');
    held.open(7);
    await waiting;
    expect(steps).toEqual(['closed', 'passed with 7']);
    expect(held.isOpen).toBe(true);
  });
});
