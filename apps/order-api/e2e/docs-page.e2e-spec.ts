import { picture, type Platform, sharedPlatform, TestBrowser } from '@fourfold-tools/e2e';
import { afterAll, beforeAll, expect, it } from 'vitest';

let platform: Platform;
let browser: TestBrowser;

beforeAll(async () => {
  platform = await sharedPlatform();
  browser = await TestBrowser.start();
});
afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

it('a newcomer signs in on /docs with a token, and places an order there', async () => {
  const [userId, productId] = [await platform.shop.user(), await platform.shop.product(9)];
  const { page, errors } = await browser.open(`${platform.baseUrl}/docs`);
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
  const { page, errors } = await browser.open(`${platform.baseUrl}/confirm-email#no.such.link`);
  await picture(page, 'confirm-email');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('This link is not good any more').waitFor();
  await picture(page, 'confirm-email-refused');
  // The browser itself notes the 410.
  expect(errors.filter((error) => !error.includes('410'))).toEqual([]);
});
