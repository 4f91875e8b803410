import { expect, it } from 'vitest';
import { callerKey, mayActFor } from './caller.js';

it('a customer acts for herself alone, an operator for every user', () => {
  expect(mayActFor({ role: 'customer', id: '7' }, '7')).toBe(true);
  expect(mayActFor({ role: 'customer', id: '7' }, '70')).toBe(false);
  expect(mayActFor({ role: 'customer', id: '70' }, '7')).toBe(false);
  expect(mayActFor({ role: 'operator', id: '8' }, '7')).toBe(true);
});

it('an operator and a customer of the same id are two callers', () => {
  expect(callerKey({ role: 'operator', id: '7' })).not.toBe(callerKey({ role: 'customer', id: '7' }));
});
