import { gate, type Gate } from '@fourfold-tools/testing';
import { describe, expect, it } from 'vitest';
import { IndexedWork, ReadIndex } from './read-index.js';

/** A primary that takes note of where it is when it is asked, and answers when it is let. */
class AskedPrimary {
  commits = 0;
  readonly answers: Gate<void>[] = [];

  readonly ask = async (): Promise<string> => {
    const position = String(this.commits);
    const answer = gate();
    this.answers.push(answer);
    await answer.passed;
    return position;
  };

  /** Waits until so many questions were sent. */
  async asked(count: number): Promise<void> {
    while (this.answers.length < count) await Promise.resolve();
  }
}

/** The naive twin: it joins whatever question is under way. */
class JoiningIndex {
  private underWay: Promise<string> | undefined;

  constructor(private readonly ask: () => Promise<string>) {}

  position(): Promise<string> {
    this.underWay ??= this.ask().finally(() => (this.underWay = undefined));
    return this.underWay;
  }
}

/** Of a fill whose lease is granted, after a commit, while the question of an earlier one is under way. */
async function positionAfterCommit(naive: boolean): Promise<string> {
  const primary = new AskedPrimary();
  const index = naive ? new JoiningIndex(primary.ask) : new ReadIndex(primary.ask);
  const earlier = index.position();
  await primary.asked(1);
  primary.commits += 1;
  const later = index.position();
  primary.answers[0]!.open();
  expect(await earlier).toBe('0');
  if (!naive) {
    await primary.asked(2);
    primary.answers[1]!.open();
  }
  return later;
}

describe('a question that was sent before a read was asked for', () => {
  it('is not its answer: the read waits for the next one, and sees what was committed meanwhile', async () => {
    expect(await positionAfterCommit(false)).toBe('1');
  });

  it('naive twin: one who joins it misses that', async () => {
    expect(await positionAfterCommit(true)).toBe('0');
  });
});

describe('the questions to the primary', () => {
  it('are one at a time: all that come while one is under way share the next', async () => {
    const primary = new AskedPrimary();
    const index = new ReadIndex(primary.ask);
    const together = [index.position(), index.position()];
    await primary.asked(1);
    const meanwhile = Array.from({ length: 100 }, () => index.position());
    primary.answers[0]!.open();
    expect(await Promise.all(together)).toEqual(['0', '0']);
    await primary.asked(2);
    primary.answers[1]!.open();
    await Promise.all(meanwhile);
    expect(primary.answers).toHaveLength(2);
  });

  it('fail for those alone who wait for the one that failed', async () => {
    const outcomes = [Promise.reject(new Error('gone')), Promise.resolve('1')];
    const index = new ReadIndex(() => outcomes.shift()!);
    await expect(Promise.all([index.position(), index.position()])).rejects.toThrow('gone');
    expect(await index.position()).toBe('1');
  });
});

describe('one piece of work', () => {
  it('asks each cluster once, whatever it reads there, and another piece asks for itself', async () => {
    let asked = 0;
    const count = async () => String((asked += 1));
    const [main, shard] = [new ReadIndex(count), new ReadIndex(count)];
    const work = new IndexedWork();
    expect(await work.positionOf(main)).toBe('1');
    expect(await work.positionOf(main)).toBe('1');
    expect(await work.positionOf(shard)).toBe('2');
    expect(await new IndexedWork().positionOf(main)).toBe('3');
  });
});
