import type { Evidence, OrderStatus, Told } from './evidence.js';

/** One thing that must hold whatever was killed. */
export interface Invariant {
  name: string;
  says: string;
  /** @returns a line for each violation */
  violations: (evidence: Evidence, told: Told) => string[];
}

export interface Violation {
  invariant: string;
  line: string;
}

/** What the e-mail about an order says, by how the order left `pending`. */
const subjectEnds: Partial<Record<OrderStatus, string>> = {
  confirmed: 'confirmed',
  rejected: 'can’t be delivered',
};

/** The events of an order, in alphabetical order, by what became of it. One that was cancelled may have been confirmed before. */
const loggedAs: Partial<Record<OrderStatus, readonly string[]>> = {
  confirmed: ['confirmed,placed'],
  rejected: ['placed,rejected'],
  cancelled: ['cancelled,placed', 'cancelled,confirmed,placed'],
};

/** Each sees one kind of damage and no other: a single defect has a single name. */
export const invariants: readonly Invariant[] = [
  {
    name: 'stock',
    says: 'stock at the start = stock now + units in confirmed orders',
    violations: ({ stock, unitsConfirmed }, { stockAtStart }) =>
      [...stockAtStart].flatMap(([id, start]) => {
        const [now, sold] = [stock.get(id) ?? 0, unitsConfirmed.get(id) ?? 0];
        return now + sold === start ? [] : [`product ${id}: ${start} at the start, ${now} now, ${sold} sold`];
      }),
  },
  {
    name: 'accepted-order-exists',
    says: 'every order that a client was told of is there',
    violations: ({ orders }, { accepted }) => {
      const there = new Set(orders.map(({ id }) => id));
      return accepted
        .filter(({ orderId }) => !there.has(orderId))
        .map(({ orderId, key }) => `order ${orderId} (key ${key}) was accepted and is not there`);
    },
  },
  {
    name: 'left-pending',
    says: 'every order is settled',
    violations: ({ orders }) =>
      orders.filter(({ status }) => status === 'pending').map(({ id }) => `order ${id} is still pending`),
  },
  {
    name: 'index-row',
    says: 'every order has its order-index row on its user’s shard',
    violations: (evidence, told) => {
      const rows = new Set(evidence.indexRows.map((row) => placeOf(row.shard, row.userId, row.orderId)));
      return ordersOf(evidence, told).flatMap(({ id, userId }) => {
        const shards = evidence.shardsOfUser.get(userId) ?? [];
        if (shards.length !== 1) return [`user ${userId} of order ${id} is on ${shards.length} shards`];
        return rows.has(placeOf(shards[0]!, userId, id))
          ? []
          : [`order ${id} of user ${userId} has no row on ${shards[0]}`];
      });
    },
  },
  {
    name: 'no-stray-index-row',
    says: 'no order-index row is anywhere else, or about anything else',
    violations: (evidence, told) => {
      const userOf = new Map(ordersOf(evidence, told).map(({ id, userId }) => [id, userId]));
      return evidence.indexRows
        .filter(
          ({ shard, userId, orderId }) =>
            userOf.get(orderId) !== userId || evidence.shardsOfUser.get(userId)?.[0] !== shard,
        )
        .map(({ shard, userId, orderId }) => `${shard} has a row of order ${orderId} for user ${userId}`);
    },
  },
  {
    name: 'email-sent',
    says: 'every order has one e-mail row, and it is sent',
    violations: (evidence, told) => {
      const rows = Map.groupBy(evidence.emails, ({ orderId }) => orderId);
      return ordersOf(evidence, told).flatMap(({ id }) => {
        const states = (rows.get(id) ?? []).map(({ state }) => state);
        return states.join() === 'sent' ? [] : [`order ${id}: e-mail rows [${states.join(', ')}]`];
      });
    },
  },
  {
    name: 'one-mail',
    says: 'every order has exactly one mail',
    violations: (evidence, told) => {
      const mails = Map.groupBy(evidence.mails, ({ orderId }) => orderId);
      return ordersOf(evidence, told).flatMap(({ id }) => {
        const subjects = (mails.get(id) ?? []).map(({ subject }) => subject);
        return subjects.length === 1 ? [] : [`order ${id}: ${subjects.length} mails ${subjects.join('; ')}`];
      });
    },
  },
  {
    name: 'mail-subject',
    says: 'a mail says what became of the order',
    violations: ({ orders, mails }) => {
      const expected = new Map(
        orders.flatMap(({ id, status }) =>
          subjectEnds[status] ? [[id, `Order ${id} ${subjectEnds[status]}`]] : [],
        ),
      );
      return mails
        .filter(({ orderId, subject }) => (expected.get(orderId) ?? subject) !== subject)
        .map(({ orderId, subject }) => `“${subject}” instead of “${expected.get(orderId)}”`);
    },
  },
  {
    name: 'order-events',
    says: 'the analytics log has what happened to each order, once',
    violations: ({ orders, events }) => {
      const byOrder = Map.groupBy(events, ({ orderId }) => orderId);
      return orders.flatMap(({ id, status }) => {
        const found = (byOrder.get(id) ?? []).map(({ event }) => event).sort();
        const mayBe = loggedAs[status];
        return !mayBe || mayBe.includes(found.join())
          ? []
          : [`order ${id} is ${status}: events [${found.join(', ')}]`];
      });
    },
  },
  {
    name: 'key-has-order',
    says: 'an accepted key has exactly the order that its client was told of',
    violations: ({ keys }, { accepted }) => {
      const ordersOfKey = Map.groupBy(keys, ({ key }) => key);
      return accepted.flatMap(({ key, orderId }) => {
        const found = (ordersOfKey.get(key) ?? []).map((row) => row.orderId);
        return found.join() === orderId ? [] : [`key ${key}: told ${orderId}, has [${found.join(', ')}]`];
      });
    },
  },
  {
    name: 'order-has-key',
    says: 'every order is accounted for by one accepted key',
    violations: ({ orders }, { accepted }) => {
      const keysOfOrder = Map.groupBy(accepted, ({ orderId }) => orderId);
      return orders.flatMap(({ id }) => {
        const keys = keysOfOrder.get(id) ?? [];
        return keys.length === 1 ? [] : [`order ${id} is accounted for by ${keys.length} accepted keys`];
      });
    },
  },
  {
    name: 'outbox-done',
    says: 'every message of the outbox is done',
    violations: ({ openMessages }) =>
      openMessages.map(({ messageId, queue, state }) => `message ${messageId} (${queue}) is ${state}`),
  },
  {
    name: 'no-dead-letter',
    says: 'no dead letter is open',
    violations: ({ openDeadLetters }) =>
      openDeadLetters.map(({ messageId, queue, reason }) => `dead letter ${messageId} (${queue}): ${reason}`),
  },
  {
    name: 'queues-empty',
    says: 'no job waits, runs, is delayed or has failed',
    violations: ({ jobs }) => jobs.map(({ queue, state, jobId }) => `job ${jobId} in ${queue}: ${state}`),
  },
];

/** Every invariant held against what was read. */
export function violationsIn(evidence: Evidence, told: Told): Violation[] {
  return invariants.flatMap(({ name, violations }) =>
    violations(evidence, told).map((line) => ({ invariant: name, line })),
  );
}

/** Those that exist, and those that were accepted: that one is missing is said once, by its own invariant. */
function ordersOf({ orders }: Evidence, { accepted }: Told): { id: string; userId: string }[] {
  const users = new Map(accepted.map(({ orderId, userId }) => [orderId, userId]));
  for (const { id, userId } of orders) users.set(id, userId);
  return [...users].map(([id, userId]) => ({ id, userId }));
}

const placeOf = (...parts: string[]): string => parts.join('/');
