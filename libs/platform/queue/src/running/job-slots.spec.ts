import { describe, expect, it } from 'vitest';
import type { PriorityClass } from '../queue-definition.js';
import { JobSlots } from './job-slots.js';

const never = new AbortController().signal;

/** Takes a slot; `got` tells the order in which they came. */
async function take(slots: JobSlots, got: string[], name: string, priority: PriorityClass, signal = never) {
  const release = slots.take() ?? (await slots.wait(priority, signal).catch(() => undefined));
  got.push(release ? name : `${name} left`);
  return release;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('JobSlots', () => {
  it('gives a free slot to the highest class that waits, and within one to who came first', async () => {
    const [slots, got] = [new JobSlots(1), [] as string[]];
    const first = await take(slots, got, 'first', 'low');
    const waiting = [
      take(slots, got, 'low 1', 'low'),
      take(slots, got, 'normal', 'normal'),
      take(slots, got, 'high 1', 'high'),
      take(slots, got, 'low 2', 'low'),
      take(slots, got, 'high 2', 'high'),
    ];
    first!();
    for (const next of [2, 4, 1, 0, 3]) (await waiting[next])!();
    expect(got).toEqual(['first', 'high 1', 'high 2', 'normal', 'low 1', 'low 2']);
  });

  it('never has more taken than there are, also when one is released twice', async () => {
    const [slots, got] = [new JobSlots(2), [] as string[]];
    const [one] = await Promise.all([take(slots, got, 'a', 'high'), take(slots, got, 'b', 'high')]);
    void take(slots, got, 'c', 'high');
    void take(slots, got, 'd', 'high');
    one!();
    one!();
    await settle();
    expect(got).toEqual(['a', 'b', 'c']);
  });

  it('lets go who stops waiting, and gives the slot to the next', async () => {
    const [slots, got, leaving] = [new JobSlots(1), [] as string[], new AbortController()];
    const held = await take(slots, got, 'held', 'normal');
    const left = take(slots, got, 'leaving', 'high', leaving.signal);
    const next = take(slots, got, 'next', 'low');
    leaving.abort();
    expect(await left).toBeUndefined();
    held!();
    await next;
    expect(got).toEqual(['held', 'leaving left', 'next']);
  });

  it('has no place in the line for a job that has stopped before it asked', async () => {
    const [slots, got] = [new JobSlots(1), [] as string[]];
    const held = await take(slots, got, 'held', 'low');
    expect(await take(slots, got, 'late', 'high', AbortSignal.abort())).toBeUndefined();
    held!();
    await take(slots, got, 'next', 'low');
    expect(got).toEqual(['held', 'late left', 'next']);
  });
});
