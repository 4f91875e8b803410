import { afterAll, beforeAll, expect, it } from 'vitest';
import { EmailsRetention } from './emails.retention.js';
import { EmailsDatabase } from './testing/emails-database.js';

let database: EmailsDatabase;

beforeAll(async () => {
  database = await EmailsDatabase.create();
});
afterAll(() => database?.close());

const email = (messageId: string, days: number) =>
  database.dataSource.query(
    `INSERT INTO emails (msg_id, order_id, state, recipient, created_at)
     VALUES (?, 1, 'sent', '', NOW(3) - INTERVAL ? DAY)`,
    [messageId, days],
  );

it('forgets e-mails of long ago, but none whose message may come once more', async () => {
  for (const [messageId, state] of [
    ['done', 'done'],
    ['dead', 'dead'],
    ['waits', 'published'],
  ]) {
    await database.addMessage(messageId!);
    await database.dataSource.query('UPDATE outbox SET state = ? WHERE msg_id = ?', [state, messageId]);
    await email(messageId!, 61);
  }
  await email('unknown', 61);
  await email('young', 59);
  expect(await new EmailsRetention(database.dataSource, 60 * 86_400).clean()).toBe(2);
  const left = await database.dataSource.query<{ msg_id: string }[]>(
    'SELECT msg_id FROM emails ORDER BY msg_id',
  );
  expect(left.map(({ msg_id: id }) => id)).toEqual(['dead', 'waits', 'young']);
});
