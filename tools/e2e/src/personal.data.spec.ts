import { expect, it } from 'vitest';
import { PersonalData } from './personal.data.js';

it('what was sent or stored is found in a log in each of its spellings, and nothing else', async () => {
  const personal = new PersonalData();
  personal.addCall('/users?email=eve@example.com', undefined);
  personal.addCall('/users', JSON.stringify({ name: 'Ada', email: ' Ada@Example.com ' }));
  personal.addCall('/orders', JSON.stringify({ shippingAddress: '12 "High" Street\nLeeds' }));
  personal.addCall('/orders', JSON.stringify({ shippingAddress: 'Here' }));
  personal.addCall('/orders', 'no JSON');
  await personal.addStored(
    async () => [[{ value: '1 Stored Road' }]],
    [async () => [[{ value: 'stored@example.com' }]]],
  );

  const found = (line: string) =>
    personal.foundIn(`first\n${line}\nlast`).map((text) => text.split(' in: ')[0]);
  expect(found('for ada@example.com')).toEqual(['Ada@Example.com']);
  expect(found('GET /v1/users?email=eve%40example.com')).toEqual(['eve@example.com']);
  expect(found(JSON.stringify({ parameters: ['12 "High" Street\nLeeds'] }))).toEqual([
    '12 "High" Street\nLeeds',
  ]);
  expect(found('1 Stored Road, stored@example.com')).toEqual(['1 Stored Road', 'stored@example.com']);
  expect(found('Here is [e-mail] and example.com')).toEqual([]);
  expect(personal.foundIn('first\nto eve@example.com\nlast')).toEqual([
    'eve@example.com in: to eve@example.com',
  ]);
});
