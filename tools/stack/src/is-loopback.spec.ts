import { expect, it } from 'vitest';
import { isLoopback } from './is-loopback.js';

it.each([
  ['http://127.0.0.1:3000', true],
  ['http://127.9.9.9', true],
  ['http://[::1]:3000', true],
  ['http://localhost:3000', true],
  ['mysql://user:secret@127.0.0.1:3306/shop', true],
  // Written as one number, and still this machine.
  ['http://2130706433:3000', true],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['http://10.0.0.1', false],
  ['http://user@shop.example', false],
  ['mysql://user:secret@db-0.example:3306/shop', false],
])('%s is this machine: %s', (url, own) => {
  expect(isLoopback(url)).toBe(own);
});
