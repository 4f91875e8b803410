import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Caller } from '@fourfold/auth';
import { beforeEach, describe, expect, it } from 'vitest';
import { CallerLimit } from './caller.limit.js';

const customer: Caller = { role: 'customer', id: '1' };
const other: Caller = { role: 'customer', id: '2' };
const operator: Caller = { role: 'operator', id: '1' };

let limit: CallerLimit;
beforeEach(() => {
  limit = new CallerLimit({ customer: 2, operator: 3 }, 2);
});

/** A request that enters: how it stands, and its end. */
function request(caller: Caller) {
  const response = Object.assign(new EventEmitter(), { destroyed: false });
  const state = { is: 'waiting', end: () => void ((response.destroyed = true), response.emit('close')) };
  limit.enter(caller, response as unknown as ServerResponse).then(
    () => (state.is = 'in hand'),
    (error: { code: string }) => (state.is = error.code),
  );
  return state;
}
const requests = (caller: Caller, count: number) => Array.from({ length: count }, () => request(caller));
const statesOf = async (all: { is: string }[]) => {
  await new Promise(setImmediate);
  return all.map(({ is }) => is);
};

describe('what one caller may have in hand', () => {
  it('is so many; the next ones wait, and more are refused', async () => {
    expect(await statesOf(requests(customer, 5))).toEqual([
      'in hand',
      'in hand',
      'waiting',
      'waiting',
      'too-many-requests',
    ]);
  });

  it('is counted for each caller, role and subject, and operators may have more', async () => {
    expect(await statesOf([customer, other, operator].flatMap((caller) => requests(caller, 3)))).toEqual([
      ...['in hand', 'in hand', 'waiting'],
      ...['in hand', 'in hand', 'waiting'],
      ...['in hand', 'in hand', 'in hand'],
    ]);
  });

  it('is handed on in the order of coming, and is free again in the end', async () => {
    const all = requests(customer, 4);
    all[1]!.end();
    expect(await statesOf(all)).toEqual(['in hand', 'in hand', 'in hand', 'waiting']);
    for (const one of all) one.end();
    expect(await statesOf(requests(customer, 3))).toEqual(['in hand', 'in hand', 'waiting']);
  });

  it('is not taken by one that has gone while it waited', async () => {
    const all = requests(customer, 4);
    all[2]!.end();
    all[0]!.end();
    expect(await statesOf(all)).toEqual(['in hand', 'in hand', 'bad-request', 'in hand']);
  });

  it('is free again when its client goes in the very moment of its turn', async () => {
    const all = requests(customer, 3);
    all[0]!.end();
    all[2]!.end();
    expect(await statesOf(requests(customer, 2))).toEqual(['in hand', 'waiting']);
  });
});
