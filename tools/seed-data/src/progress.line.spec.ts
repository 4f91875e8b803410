import { expect, it } from 'vitest';
import { ProgressLine } from './progress.line.js';

function shown(isTTY: boolean) {
  const lines: string[] = [];
  let nowMs = 0;
  const output = { isTTY, write: (text: string) => lines.push(text) };
  const line = new ProgressLine(output, 'orders', 10_000, () => nowMs);
  const at = (seconds: number, done: number) => {
    nowMs = seconds * 1_000;
    line.show(done);
  };
  return { lines, at };
}

it('says how far it is, how fast, and how long it will take: in a log every ten seconds, and at the end', () => {
  const { lines, at } = shown(false);
  at(1, 500);
  at(2, 1_000);
  at(11, 5_500);
  at(20, 10_000);
  expect(lines).toEqual([
    'orders 500 of 10,000, 500/s, 19 s left\n',
    'orders 5,500 of 10,000, 500/s, 9 s left\n',
    'orders 10,000 of 10,000, 500/s, done\n',
  ]);
});

it('changes one line on a terminal', () => {
  const { lines, at } = shown(true);
  at(1, 500);
  at(1.3, 700);
  at(20, 10_000);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/^\rorders 700 /);
  expect(lines[2]).toMatch(/\n$/);
});
