import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { supervisorRecord } from './app-process.js';
import { type StackOptions, stackOptionsFromEnv } from './stack-options.js';
import { Stack } from './stack.js';

describe('supervising a topology', () => {
  let folder: string;
  let options: StackOptions;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fourfold-supervise-'));
    options = stackOptionsFromEnv({}, folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is given to one of those that ask at once, and the others learn who has it', async () => {
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => new Stack(options).supervise()));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    const refusals = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as Error).message] : [],
    );
    for (const refusal of refusals) expect(refusal).toContain(`runs already (process ${process.pid})`);
  });

  it('is free again once it was given back', async () => {
    (await new Stack(options).supervise())();
    expect(supervisorRecord(options).exists).toBe(false);
    (await new Stack(options).supervise())();
  });

  it('takes nothing from another process when it is given back', async () => {
    const release = await new Stack(options).supervise();
    supervisorRecord(options).write(process.ppid);
    release();
    expect(supervisorRecord(options).running()?.pid).toBe(process.ppid);
  });
});
