import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { OutboxDatabase } from './outbox-database.js';
import { TestRelays } from './test-relays.js';

export interface RelayFixture {
  readonly database: OutboxDatabase;
  readonly relays: TestRelays;
}

/** A database of one test file, empty before each test, and relays on it that are stopped after each. */
export function useRelays(): RelayFixture {
  let database: OutboxDatabase;
  let relays: TestRelays;
  beforeAll(async () => {
    database = await OutboxDatabase.create();
    relays = new TestRelays(database);
  });
  afterAll(() => database.close());
  beforeEach(() => database.empty());
  afterEach(() => relays.stopAll());
  return {
    get database() {
      return database;
    },
    get relays() {
      return relays;
    },
  };
}
