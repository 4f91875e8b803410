import { expect, it } from 'vitest';
import { RouteShare } from './route-share.js';

function sharing() {
  let nowMs = 10_000;
  const passSeconds = (seconds: number) => (nowMs += seconds * 1_000);
  const share = new RouteShare();
  const counted = { of: (node: string) => share.of(node, nowMs) };
  const count = (node: string, times: number) => {
    for (let time = 0; time < times; time += 1) share.count(node, nowMs);
  };
  return { counted, count, passSeconds };
}

it('counts each node by itself', () => {
  const { counted, count } = sharing();
  count('replica-1', 3);
  count('replica-2', 1);
  expect(['replica-1', 'replica-2', 'primary'].map((node) => counted.of(node))).toEqual([3, 1, 0]);
});

it('forgets each second a minute later', () => {
  const { counted, count, passSeconds } = sharing();
  count('replica-1', 3);
  passSeconds(1);
  count('replica-1', 4);
  passSeconds(58);
  expect(counted.of('replica-1')).toBe(7);
  passSeconds(1);
  expect(counted.of('replica-1')).toBe(4);
  passSeconds(1);
  expect(counted.of('replica-1')).toBe(0);
});

it('forgets seconds in which nothing came, also when it was not asked for long', () => {
  const { counted, count, passSeconds } = sharing();
  count('replica-1', 3);
  passSeconds(60 * 60);
  expect(counted.of('replica-1')).toBe(0);
  count('replica-1', 1);
  passSeconds(30);
  count('replica-1', 1);
  expect(counted.of('replica-1')).toBe(2);
});

it('holds a minute of steady reads, whenever it is asked', () => {
  const { counted, count, passSeconds } = sharing();
  for (let second = 0; second < 200; second += 1) {
    passSeconds(1);
    count('replica-1', 2);
    expect(counted.of('replica-1')).toBe(2 * Math.min(second + 1, 60));
  }
});

it('counts a read that began a moment before the last one for its own second', () => {
  const routes = new RouteShare();
  routes.count('replica-1', 61_000);
  routes.count('replica-1', 59_500);
  expect(routes.of('replica-1', 61_000)).toBe(2);
  expect(routes.of('replica-1', 119_000)).toBe(1);
});
