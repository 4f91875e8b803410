import { existsSync } from 'node:fs';
import { type Platform, sharedPlatform } from '@fourfold-tools/e2e';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';
/** Where pictures of the pages go, to be looked at; unset: nowhere. */
const PICTURES = process.env['FOURFOLD_PICTURES'];

let platform: Platform;
let browser: Browser;

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium`);
  platform = await sharedPlatform();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

/** A page, with whatever its console says is wrong. */
async function open(path: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(platform.baseUrl + path);
  return { page, errors };
}

const picture = async (page: Page, name: string) => {
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png` });
};

it('a newcomer signs in on /docs with a token, and places an order there', async () => {
  const [userId, productId] = [await platform.shop.user(), await platform.shop.product(9)];
  const { page, errors } = await open('/docs');
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  await page
    .locator('.modal-ux input')
    .first()
    .fill(await platform.customerToken(userId));
  await picture(page, 'docs-sign-in');
  await page.locator('.modal-ux .btn.authorize').click();
  await page.locator('.modal-ux .btn-done').click();
  const place = page.locator('.opblock-post').filter({ has: page.locator('[data-path="/v1/orders"]') });
  await place.locator('.opblock-summary-control').click();
  await place.getByRole('button', { name: 'Try it out' }).click();
  await place.locator('tr[data-param-name="Idempotency-Key"] input').fill('from-the-page');
  const body = { userId, items: [{ productId, quantity: 2 }], shippingAddress: '12 St James’s Square' };
  await place.locator('textarea').first().fill(JSON.stringify(body));
  await place.locator('.btn.execute').click();
  await place.locator('.live-responses-table .response-col_status').filter({ hasText: '201' }).waitFor();
  await picture(page, 'docs-order');
  const { body: orders } = await platform.api.get(`/users/${userId}/orders`);
  expect(orders.items).toHaveLength(1);
  expect(errors).toEqual([]);
});

it('the page of a link that is no good says so', async () => {
  const { page, errors } = await open('/confirm-email#no.such.link');
  await picture(page, 'confirm-email');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('This link is not good any more').waitFor();
  await picture(page, 'confirm-email-refused');
  // The browser itself notes the 410.
  expect(errors.filter((error) => !error.includes('410'))).toEqual([]);
});
