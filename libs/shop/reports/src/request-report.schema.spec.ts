import { expect, it } from 'vitest';
import { requestReportSchema } from './request-report.schema.js';

const request = {
  type: 'sales',
  format: 'pdf',
  from: '2026-05-01',
  to: '2026-05-01',
  email: 'A@Example.com',
};
const fits = (changes: object) => requestReportSchema.safeParse({ ...request, ...changes }).success;

it.each([
  [{}, true],
  [{ to: '2027-05-01' }, true],
  [{ to: '2027-05-02' }, false],
  [{ to: '2026-04-30' }, false],
  [{ from: '9999-12-31', to: '9999-12-31' }, true],
  [{ from: '10000-01-01', to: '10000-01-01' }, false],
  [{ from: '2027-02-29', to: '2027-02-29' }, false],
  [{ from: '2028-02-29', to: '2028-02-29' }, true],
  [{ from: 1_777_000_000 }, false],
  [{ email: `${'x'.repeat(65)}@example.com` }, false],
  [{ email: undefined }, false],
  [{ more: 1 }, false],
])('%j is taken: %s', (changes, taken) => {
  expect(fits(changes)).toBe(taken);
});

it('has its address in lower case', () => {
  expect(requestReportSchema.parse(request).email).toBe('a@example.com');
});
