import { existsSync } from 'node:fs';
import type { Browser, HTTPCredentials, Page } from 'playwright-core';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';
/** Where pictures of the pages go, to be looked at; unset: nowhere. */
const PICTURES = process.env['FOURFOLD_PICTURES'];

/** A headless Chromium. */
export class TestBrowser {
  private constructor(private readonly browser: Browser) {}

  static async start(): Promise<TestBrowser> {
    if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium`);
    // Few files need it, and it takes a while to load.
    const { chromium } = await import('playwright-core');
    return new TestBrowser(await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] }));
  }

  /** A page, with whatever its console says is wrong. @param httpCredentials what is typed where a server asks for a name */
  async open(url: string, httpCredentials?: HTTPCredentials): Promise<{ page: Page; errors: string[] }> {
    const viewport = { width: 1_280, height: 900 };
    const page = await this.browser.newPage({ viewport, ...(httpCredentials && { httpCredentials }) });
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(url);
    return { page, errors };
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** Keeps what is to be seen as `FOURFOLD_PICTURES`/`name`.png. */
export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png` });
}
