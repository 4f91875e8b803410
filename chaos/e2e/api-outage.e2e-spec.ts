import { eventually, repetitions } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiOutage, Refusal } from './api.outage.js';
import { expectIsolated } from './expect-isolated.js';
import { underLoad } from './outage.load.js';
import { SHARDS, VICTIM } from './shard.outage.js';

const ROUNDS = {
  rounds: repetitions({ quick: 1, full: 6 }),
  sideMs: repetitions({ quick: 2_000, full: 4_000 }),
};

let outage: ApiOutage;

beforeAll(async () => {
  outage = await ApiOutage.start();
});
afterAll(() => outage?.stop());

const search = async (query: string) => {
  const { status, body } = await outage.platform.api.get(`/users?${query}`);
  return { status, found: body.items.length, partial: body.partial, away: body.unavailableShards };
};
const shardsUp = async () => {
  const { body } = await outage.platform.api.get('/admin/shards');
  return body.shards.filter(({ health }) => health?.up).map(({ shard }) => shard);
};
const others = SHARDS.filter((shard) => shard !== VICTIM);

it('while a shard is killed under load, the API serves the users of the others as before, refuses its own fast, and says what is missing', async () => {
  // An address that was found before is found without the shard of the address.
  const known = await outage.addressWhere('address');
  const unknown = await outage.addressWhere('address');
  const ofVictim = await outage.addressWhere('user');
  const found = { status: 200, found: 1, partial: false, away: [] };
  for (const email of [known, ofVictim]) expect(await search(`email=${email}`)).toEqual(found);
  const figures = await underLoad(
    outage.calls(),
    {
      control: () => outage.killBystander(),
      fault: () => outage.kill(),
      mend: async () => {
        const away = { status: 200, partial: true, away: [VICTIM] };
        expect(await search('namePrefix=Grace&limit=5')).toEqual({ ...away, found: 5 });
        for (const email of [unknown, ofVictim]) {
          expect(await search(`email=${email}`)).toEqual({ ...away, found: 0 });
        }
        expect(await search(`email=${known}`)).toEqual(found);
        expect(await shardsUp()).toEqual(others);
        await outage.restart();
        await eventually(() => outage.ask(VICTIM));
      },
    },
    ROUNDS,
  );
  expectIsolated(figures, ROUNDS);
  for (const { error } of figures.affected) {
    if (error !== undefined) expect(error).toEqual(new Refusal('503 shard-unavailable'));
  }

  expect(await search('namePrefix=Grace&limit=5')).toMatchObject({ partial: false, away: [] });
  for (const email of [unknown, ofVictim]) expect(await search(`email=${email}`)).toEqual(found);
  expect(await shardsUp()).toEqual([...SHARDS]);
});
