import { describe, expect, it } from 'vitest';
import { ProgressBar } from './progress.bar.js';

function outputOf(isTTY: boolean) {
  const output = { text: '', isTTY, write: (text: string) => (output.text += text) };
  return output;
}

describe('progress', () => {
  it('is a line at every tenth where there is no terminal', () => {
    const output = outputOf(false);
    const progress = new ProgressBar(output);
    progress.begin('orders', 40);
    for (let done = 0; done < 40; done += 1) progress.advance();
    progress.end();
    expect(output.text.split('\n')).toEqual([
      ...Array.from({ length: 10 }, (_, at) => `orders ${(at + 1) * 4}/40 (${(at + 1) * 10}%)`),
      '',
    ]);
  });

  it('is a bar on a terminal, redrawn no more often than it can be seen, and complete at the end', () => {
    const output = outputOf(true);
    let now = 0;
    const progress = new ProgressBar(output, () => now);
    progress.begin('orders', 3);
    progress.advance();
    now = 60;
    progress.advance();
    progress.advance();
    progress.end();
    const frames = output.text.split('\r').slice(1);
    expect(frames.map((frame) => frame.trimEnd().split(' ').at(-1))).toEqual(['0/3', '2/3', '3/3']);
    expect(output.text).toMatch(/█{30} 3\/3\n$/);
  });

  it('says where it is, for the user who stops it', () => {
    const progress = new ProgressBar(outputOf(true));
    expect(progress.position).toBe('');
    progress.begin('orders', 121);
    progress.advance();
    progress.end();
    expect(progress.position).toBe('orders 1/121');
  });

  it('of nothing is nothing', () => {
    const output = outputOf(false);
    const progress = new ProgressBar(output);
    progress.begin('orders', 0);
    progress.end();
    expect(output.text).toBe('');
  });
});
