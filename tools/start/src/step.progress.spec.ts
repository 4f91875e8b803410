import { describe, expect, it } from 'vitest';
import { StepProgress } from './step.progress.js';

function recorded(isTTY: boolean) {
  let text = '';
  let time = 0;
  const progress = new StepProgress({ isTTY, write: (chunk) => (text += chunk) }, () => (time += 1_250));
  return { progress, text: () => text };
}

describe('StepProgress', () => {
  it('says what was done and how long it took, under what the step said meanwhile', async () => {
    const { progress, text } = recorded(false);
    await progress.step('Servers up', async (report) => report('primary ready'));
    expect(text()).toBe('    primary ready\n✓ Servers up (1.3 s)\n');
  });

  it('shows the running step on a terminal, and leaves nothing of it', async () => {
    const { progress, text } = recorded(true);
    await progress.step('Servers up', async (report) => report('primary ready'));
    const clear = '\r\x1b[2K';
    expect(text()).toBe(`… Servers up${clear}    primary ready\n… Servers up${clear}✓ Servers up (1.3 s)\n`);
  });

  it('marks the step that failed and passes the failure on', async () => {
    const { progress, text } = recorded(false);
    const failure = progress.step('Servers up', () => Promise.reject(new Error('port in use')));
    await expect(failure).rejects.toThrow('port in use');
    expect(text()).toBe('✗ Servers up\n');
  });
});
