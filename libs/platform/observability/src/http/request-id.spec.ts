import { expect, it } from 'vitest';
import { requestIdOf } from './request-id.js';

const of = (id: unknown) => requestIdOf({ headers: { 'x-request-id': id as string } });

it.each([
  ['8 characters', '12345678'],
  ['128 characters', 'x'.repeat(128)],
  ['letters, digits, dot, dash and underscore', 'Az0.9_-x'],
  ['a UUID', '0d5a8a52-6f0c-4d3c-9a4e-7c8f0a1b2c3d'],
])('takes the caller’s id: %s', (_title, id) => {
  expect(of(id)).toBe(id);
});

it.each([
  ['none', undefined],
  ['an empty one', ''],
  ['7 characters', '1234567'],
  ['129 characters', 'x'.repeat(129)],
  ['a space', 'with space'],
  ['a line break', 'line\nbreak'],
  ['a trailing line break', '12345678\n'],
  ['quotes', '"12345678"'],
  ['letters beyond ASCII', 'größe-größe'],
  ['several', ['12345678', '87654321']],
])('makes its own instead of %s', (_title, id) => {
  expect(of(id)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
