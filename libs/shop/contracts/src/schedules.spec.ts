import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { shopQueues } from './queues.js';
import { scheduleEnv, schedulesOf, shopSchedules } from './schedules.js';

const env = z.object(scheduleEnv);
const options = Object.keys(shopSchedules);

describe('the schedules of the shop', () => {
  it('are each of a queue of its own, with an expression that the environment may replace', () => {
    const schedules = schedulesOf(env.parse({ SCHEDULE_TIME_ZONE: 'Europe/London' }));
    expect(schedules).toHaveLength(options.length);
    const queues = schedules.map(({ queue }) => queue);
    expect(new Set(queues).size).toBe(queues.length);
    expect(shopQueues.map(({ name }) => name)).toEqual(expect.arrayContaining(queues));
    for (const { timeZone } of schedules) expect(timeZone).toBe('Europe/London');
  });

  it('do not start with an expression that never fires, and say which variable has it', () => {
    for (const option of options) {
      const { error } = env.safeParse({ [option]: '0 0 31 2 *' });
      expect(error?.issues).toMatchObject([
        { path: [option], message: expect.stringMatching(/^never fires/) },
      ]);
    }
  });

  it('nor in a time zone that there is not', () => {
    const { error } = env.safeParse({ SCHEDULE_TIME_ZONE: 'Mars/Base' });
    expect(error?.issues).toMatchObject([{ path: ['SCHEDULE_TIME_ZONE'] }]);
  });

  it('are not there where they are off', () => {
    const all = Object.fromEntries(options.map((option) => [option, 'off']));
    expect(schedulesOf(env.parse(all))).toEqual([]);
  });
});
