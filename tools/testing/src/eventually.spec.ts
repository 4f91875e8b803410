import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';

const quick = { deadlineMs: 40, everyMs: 1 };

describe('eventually', () => {
  it('tries again after a failed assertion and after false, and passes the result on', async () => {
    let attempt = 0;
    const result = await eventually(() => {
      attempt++;
      if (attempt === 1) throw new Error('not yet');
      return attempt < 3 ? false : attempt;
    });
    expect(result).toBe(3);
  });

  it('ends with the last failure once the deadline has passed', async () => {
    let attempt = 0;
    const check = () => {
      throw new Error(`attempt ${++attempt}`);
    };
    await expect(eventually(check, quick)).rejects.toThrow(/attempt \d+/);
  });

  it('says which condition stayed false', async () => {
    await expect(eventually(() => [].length > 0, quick)).rejects.toThrow(
      'Still false after 40 ms: () => [].length > 0',
    );
  });
});
