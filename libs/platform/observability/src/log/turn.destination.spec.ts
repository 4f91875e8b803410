import { expect, it } from 'vitest';
import { TurnDestination } from './turn.destination.js';

const turn = () => new Promise(setImmediate);

it('lines of one turn are one write, at its end, in their order', async () => {
  const sent: string[] = [];
  const destination = new TurnDestination((text) => sent.push(text));
  for (const line of ['a\n', 'b\n']) destination.write(line);
  expect(sent).toEqual([]);
  await turn();
  destination.write('c\n');
  await turn();
  expect(sent).toEqual(['a\nb\n', 'c\n']);
});

it('what has to be out at once is, and nothing twice', async () => {
  const sent: string[] = [];
  const destination = new TurnDestination((text) => sent.push(text));
  destination.write('fatal\n');
  destination.flushSync();
  expect(sent).toEqual(['fatal\n']);
  await turn();
  expect(sent).toEqual(['fatal\n']);
});
