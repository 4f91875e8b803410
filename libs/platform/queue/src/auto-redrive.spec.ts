import { describe, expect, it } from 'vitest';
import { deadReasons } from './dead-reason.js';
import { autoRedriveAfterMs, DEFAULT_AUTO_REDRIVE, NO_AUTO_REDRIVE } from './auto-redrive.js';

const MINUTE_MS = 60_000;

describe('autoRedriveAfterMs', () => {
  it('waits 1, 2, 4, 8, 16 and 30 minutes by default, and then for an operator', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 7].map((redrives) =>
      autoRedriveAfterMs(DEFAULT_AUTO_REDRIVE, 'attempts', redrives),
    );
    expect(waits).toEqual([...[1, 2, 4, 8, 16, 30].map((minutes) => minutes * MINUTE_MS), null, null]);
  });

  it('an outage of an hour is over before the last of them', () => {
    const total = [0, 1, 2, 3, 4, 5].reduce(
      (sum, redrives) => sum + autoRedriveAfterMs(DEFAULT_AUTO_REDRIVE, 'attempts', redrives)!,
      0,
    );
    expect(total).toBeGreaterThan(60 * MINUTE_MS);
  });

  it.each(deadReasons.filter((reason) => reason !== 'attempts'))('never for %s', (reason) => {
    expect(autoRedriveAfterMs(DEFAULT_AUTO_REDRIVE, reason, 0)).toBeNull();
  });

  it('never where it is turned off', () => {
    expect(autoRedriveAfterMs(NO_AUTO_REDRIVE, 'attempts', 0)).toBeNull();
  });
});
