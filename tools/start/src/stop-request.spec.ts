import { describe, expect, it } from 'vitest';
import { Interrupted, StopRequest } from './stop-request.js';

describe('StopRequest', () => {
  const at = (...times: number[]) => {
    let forced = 0;
    let now = 0;
    const request = new StopRequest(
      () => forced++,
      () => now,
    );
    for (const time of times) {
      now = time;
      request.request();
    }
    return { request, forced };
  };

  it('is an orderly stop at the first signal', async () => {
    const { request, forced } = at(5);
    await request.requested;
    expect(request.signal.reason).toBeInstanceOf(Interrupted);
    expect(forced).toBe(0);
  });

  it('takes what arrives within a second for the same Ctrl-C', () => {
    expect(at(0, 1, 999).forced).toBe(0);
  });

  it('is forced by a later signal', () => {
    expect(at(0, 10, 1_000).forced).toBe(1);
  });
});
