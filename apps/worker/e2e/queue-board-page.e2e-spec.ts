import { picture, type Platform, startPlatform, TestBrowser } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, expect, it } from 'vitest';

let platform: Platform;
let browser: TestBrowser;
let board: string;

beforeAll(async () => {
  platform = await startPlatform({ name: 'queue-board-page' });
  board = `${platform.worker.managementUrl}/admin/queues`;
  browser = await TestBrowser.start();
});
afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

it('an operator signs in on the queue board as a browser asks it, and sees the queues and their jobs', async () => {
  const { shop } = platform;
  const [userId, productId] = [await shop.user(), await shop.product(5)];
  const { body } = await shop.order(userId, [{ productId, quantity: 1 }]);
  await shop.settled(body.id);
  const credentials = { username: 'ops', password: await platform.operatorToken() };
  const { page, errors } = await browser.open(board, credentials);
  for (const queue of ['inventory', 'email', 'order-index', 'report'])
    await page.getByRole('link', { name: queue, exact: true }).first().waitFor();
  await picture(page, 'queue-board');
  await page.getByRole('link', { name: 'inventory', exact: true }).first().click();
  await page
    .getByRole('link', { name: /completed/i })
    .first()
    .click();
  await page.waitForURL(/inventory.*completed/);
  await picture(page, 'queue-board-inventory');
  // Bull Board asks Google for its fonts, which the worker's Content-Security-Policy refuses: operators' pages load nothing from others.
  expect(errors.filter((error) => !error.includes("'https://fonts.googleapis.com/"))).toEqual([]);
});

it('a customer signs in there and sees no queue', async () => {
  const credentials = { username: 'ada', password: await platform.customerToken('1') };
  const { page } = await browser.open(board, credentials);
  await page.getByText('forbidden').first().waitFor();
  await picture(page, 'queue-board-forbidden');
  expect(await page.getByText('inventory').count()).toBe(0);
});
