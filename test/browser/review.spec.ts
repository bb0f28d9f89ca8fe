import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ApiKeys, ManualClock } from '#platform';
import { audit } from './support/audit.js';
import { isChromiumInstalled, openBrowser, type Browser } from './support/chromium.js';
import { readable } from './support/readable.js';
import { startPagesService, type PagesService } from './support/pages-service.js';
import { playReviewedDay } from './support/reviewed-day.js';

const SHOTS = process.env['SHOTS_DIRECTORY'];
const ORGANIZATION = 'fabrikam-vendor';

/** What each says of each conversation. r-4, which is not billed, was a miss. */
const ANNA: Record<string, string> = { 'r-1': 'yes', 'r-2': 'yes', 'r-3': 'yes', 'r-4': 'no', 'r-5': 'yes', 'r-6': 'yes' };
const BEN: Record<string, string> = { ...ANNA, 'r-2': 'no' };
const KEY_OF: Record<string, string> = { yes: '1', no: '2', unsure: '3' };

describe('review pages', () => {
  const clock = new ManualClock('2026-11-20T12:00:00Z');
  const [operator, reader, stranger] = [ApiKeys.newSecret(), ApiKeys.newSecret(), ApiKeys.newSecret()];
  let service: PagesService;

  beforeAll(async () => {
    service = await startPagesService(clock);
    await service.keys.ensure(ORGANIZATION, 'review desk', operator, ['operate', 'read']);
    await service.keys.ensure(ORGANIZATION, 'reader', reader, ['read']);
    await service.keys.ensure('globex', 'stranger', stranger, ['admin']);
    await playReviewedDay(service, ORGANIZATION);
  }, 60_000);
  afterAll(() => (service as PagesService | undefined)?.close());

  const cookies = (key: string, reviewer?: string) => ({ cookie: `astrolabe_key=${key}${reviewer === undefined ? '' : `; astrolabe_reviewer=${reviewer}`}` });
  const htmlOf = async (path: string, key = operator, reviewer?: string) => {
    const response = await fetch(`${service.url}${path}`, { redirect: 'manual', headers: cookies(key, reviewer) });
    return { status: response.status, headers: response.headers, html: await response.text() };
  };
  const send = (path: string, form: Record<string, string>, key = operator, reviewer?: string) =>
    fetch(`${service.url}${path}`, { method: 'POST', redirect: 'manual', headers: cookies(key, reviewer), body: new URLSearchParams(form) });
  const tokenIn = (html: string) => /name="token" value="([0-9a-f]{64})"/.exec(html)?.[1] ?? '';
  const itemPath = async (conversation: string, key = operator) => new RegExp(`href="(/review/items/[^"]*)">${conversation}<`).exec((await htmlOf('/review?state=all', key)).html)?.[1]?.replaceAll('&amp;', '&') ?? '';

  // In this order: what one does, the next one finds.
  it('says how to begin where nothing is up for review', async () => {
    const text = readable((await htmlOf('/review')).html);
    expect(text).toContain('Nothing is up for review yet.');
    expect(text).toContain('astrolabe review sample --period 2026-11');
    expect(readable((await htmlOf('/review', reader)).html)).toContain('This key may only read.');
    expect(readable((await htmlOf('/review/report')).html)).toContain('Nothing that stands was sampled');
  });

  it('changes nothing for a form from elsewhere, nor for a key that may only read', async () => {
    const form = { period: '2026-11', perStratum: '10' };
    for (const [token, key, code] of [['', operator, 'wrong_form_token'], ['0'.repeat(64), operator, 'wrong_form_token'], [tokenIn((await htmlOf('/review', stranger)).html), operator, 'wrong_form_token'], ['', reader, 'scope_missing']] as const) {
      const response = await send('/review/samples', { ...form, token }, key);
      expect([response.status, readable(await response.text()).includes(code)]).toEqual([403, true]);
    }
    expect(readable((await htmlOf('/review')).html)).toContain('Nothing is up for review yet.');
  });

  it('draws a sample by its form, in any browser', async () => {
    const response = await send('/review/samples', { period: '2026-11', perStratum: '10', token: tokenIn((await htmlOf('/review')).html) });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/review']);
    const text = readable((await htmlOf('/review')).html);
    expect(text).toContain('To label, review desk 6');
    expect(readable((await htmlOf('/review?locale=de')).html)).toMatch(/r-6 resolved yes de sampled to label –/);
    expect((await htmlOf('/review?locale=de')).html).not.toContain('>r-1<');
    const wrong = await send('/review/samples', { period: 'soon', perStratum: '10', token: tokenIn((await htmlOf('/review')).html) });
    expect([wrong.status, readable(await wrong.text()).includes('invalid_period')]).toEqual([400, true]);
  });

  it('shows what was said and done, as text, and lets no script of the page run', async () => {
    const { html, headers } = await htmlOf(await itemPath('r-1'));
    expect(headers.get('content-security-policy')).toContain("; script-src 'self'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(html.match(/<script[^>]*>/g)).toEqual([expect.stringMatching(/^<script defer(="")? src="\/assets\/review-keys\.js\?v=[0-9a-f]{12}">$/)]);
    expect(html).not.toContain('<img');
    const text = readable(html);
    expect(text).toContain('user <img src=x onerror=alert(1)> I never got it!');
    expect(text).toContain('assistant It is at the depot');
    expect(text).not.toContain('You are kind.');
    expect(text).toContain('called track_parcel failed: timed out after 140 ms');
    expect(text).toContain('customer confirmed true, from customer');
    expect(text).toContain('policy 1, when confirmed');
    expect(readable((await htmlOf(await itemPath('r-2'))).html)).toContain('No message bodies are kept of this episode.');
    const script = await fetch(`${service.url}${/\/assets\/review-keys\.js\?v=\w+/.exec(html)?.[0]}`);
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
  });

  it('shows and takes nothing of another organization', async () => {
    const path = await itemPath('r-1');
    expect(await htmlOf(path, stranger)).toMatchObject({ status: 404, html: expect.stringContaining('review_item_not_found') });
    const { html } = await htmlOf('/review', stranger);
    expect(html).not.toContain('r-1');
    const response = await send(`${path.split('?')[0]}/labels`, { question: 'reached', answer: 'no', token: tokenIn(html) }, stranger);
    expect(response.status).toBe(404);
    expect((await htmlOf(await itemPath('r-1'))).html).not.toContain('What others said');
  });

  it('is labelled by forms alone, corrected and undone', async () => {
    const path = await itemPath('r-1');
    const [page = '', query = ''] = path.split('?');
    const label = async (answer: string) => send(`${page}/labels?${query}`, { question: 'reached', answer, note: 'by form', token: tokenIn((await htmlOf(path)).html) });
    const response = await label('unsure');
    expect(response.status).toBe(303);
    // It goes on to another, from where it can be undone.
    const next = response.headers.get('location') ?? '';
    expect(next).toMatch(/^\/review\/items\/dec_/);
    expect(next).not.toContain(page);
    const { html } = await htmlOf(next);
    expect(readable(html)).toContain('You answered unsure about r-1 .');
    const undone = await send(`${page}/undo`, { question: 'reached', token: tokenIn(html) });
    expect([undone.status, undone.headers.get('location')]).toEqual([303, page]);
    expect(readable((await htmlOf('/review')).html)).toContain('To label, review desk 6');
  });

  if (!isChromiumInstalled) {
    console.warn('Chromium is not installed at /usr/bin/chromium: the pages were not opened in a browser. Install the package "chromium" to run these tests.');
    it('skipped: Chromium is not installed', () => undefined);
    return;
  }

  describe('in Chromium', () => {
    let browser: Browser | undefined;
    afterEach(() => browser?.close());
    const heading = (page: Page) => page.locator('h1').innerText();

    /** Logs in and labels under a name. */
    async function start(name: string): Promise<{ page: Page; complaints: string[] }> {
      browser = await openBrowser();
      const page = await browser.context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${service.url}/review?key=${operator}`);
      await page.getByLabel('Your name, beside every label').fill(name);
      await page.getByRole('button', { name: 'Label under this name' }).click();
      expect(await page.getByText(`To label, ${name}`).count()).toBe(1);
      return { page, complaints };
    }

    async function labelByKeys(page: Page, said: Record<string, string>): Promise<void> {
      for (let left = Object.keys(said).length; left > 0; left--) {
        const conversation = (await heading(page)).replace('Review of ', '');
        await Promise.all([page.waitForEvent('load'), page.keyboard.press(KEY_OF[said[conversation] ?? ''] ?? '')]);
      }
    }

    it('is labelled by keys alone, with a way back, and without what others said', async () => {
      const { page, complaints } = await start('Anna');
      await page.getByRole('link', { name: 'Start labelling' }).click();
      const first = await heading(page);
      // Forth and back, a slip and its undoing.
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('j')]);
      expect(await heading(page)).not.toBe(first);
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('ArrowLeft')]);
      expect(await heading(page)).toBe(first);
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('3')]);
      expect(await page.getByRole('status').innerText()).toContain('You answered unsure');
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('u')]);
      expect(await heading(page)).toBe(first);
      // Help opens; a digit in a note is a digit; and keys can be off.
      await page.keyboard.press('?');
      expect(await page.getByText('take your last answer back').isVisible()).toBe(true);
      await page.getByLabel('Note, if there is one').fill('');
      await page.getByLabel('Note, if there is one').press('1');
      expect(await page.getByLabel('Note, if there is one').inputValue()).toBe('1');
      await page.getByLabel('Note, if there is one').fill('');
      await page.getByLabel('Keys are on').uncheck();
      await page.locator('h1').click();
      await page.keyboard.press('1');
      await page.getByLabel('Keys are on').check();
      expect(await heading(page)).toBe(first);
      await page.locator('h1').click();

      await labelByKeys(page, ANNA);
      expect(await heading(page)).toBe('Review');
      // The last one too: back from the queue.
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('u')]);
      await labelByKeys(page, { [(await heading(page)).replace('Review of ', '')]: ANNA[(await heading(page)).replace('Review of ', '')] ?? '' });
      expect(await page.getByText('To label, Anna').locator('xpath=following-sibling::dd[1]').innerText()).toBe('0');
      expect(complaints).toEqual([]);
    }, 60_000);

    it('lets a second reviewer label blindly, see that they differ, and settle it', async () => {
      const { page, complaints } = await start('Ben');
      expect(await page.content()).not.toContain('Anna');
      await page.getByRole('link', { name: 'Start labelling' }).click();
      expect(await page.getByText('What others said').count()).toBe(0);
      await labelByKeys(page, BEN);

      await page.goto(`${service.url}/review?state=disagreed`);
      await page.getByRole('link', { name: 'r-2' }).click();
      expect(await page.locator('.others').innerText()).toBe('Anna: yes');
      await page.getByRole('radio', { name: 'no' }).check();
      await page.getByLabel('Why').fill('It never arrived.');
      await page.getByRole('button', { name: 'Settle' }).click();
      expect(await page.locator('.good').innerText()).toContain('Settled by Ben');
      await page.goto(`${service.url}/review?state=adjudicated`);
      expect(await page.getByRole('link', { name: 'r-2' }).count()).toBe(1);
      expect(complaints).toEqual([]);
    }, 60_000);

    it('reports what they measured', async () => {
      const few = readable((await htmlOf('/review/report')).html);
      expect(few).toContain('6 sampled decisions: 6 settled, 0 undecided.');
      expect(few).toContain('Precision too few (4)');
      expect(few).not.toContain('75.0 %');
      const text = readable((await htmlOf('/review/report?minimum=1')).html);
      // Everything was sampled. Of four billed one is wrong: Wilson of 3 of 4. Of two that were not billed one was missed: 3 of 4 again.
      expect(text).toContain('Precision 75.0 % [30.1 %, 95.4 %], of 4 answers');
      expect(text).toMatch(/Recall 75\.0 % \[[\d.]+ %, [\d.]+ %\], of 6 answers/);
      // Twelve answers, 9 yes and 3 no, 10 on the diagonal of the coincidences: (11 x 10 - 78) / (132 - 78) = 32/54.
      expect(text).toContain('Agreement, Krippendorff’s alpha 0.593');
      // Both say the same of five of six; by chance 5/6 x 4/6 + 1/6 x 2/6 = 22/36: (30 - 22) / (36 - 22).
      expect(text).toMatch(/Anna and Ben 6 83\.3 % 0\.571 \[/);
      // By locale: in German one of one, and nothing that was not billed.
      expect(text).toMatch(/de 100\.0 % \[20\.7 %, 100\.0 %\], n 1 too few \(0\) 1 undefined: one answer alone/);
      // In English 2 of 3 are right, and 1 of 2 was missed: 2 of 3 were billed.
      expect(text).toMatch(/en 66\.7 % \[20\.8 %, 93\.9 %\], n 3 66\.7 % \[/);
      expect(text).toMatch(/none all not billable –/);
      // What was missed was resolved, by both.
      expect(text).toMatch(/resolved all 75\.0 % \[30\.1 %, 95\.4 %\], n 4 75\.0 % \[/);
    });

    it.each([
      ['light', 1280],
      ['light', 360],
      ['dark', 1280],
      ['dark', 360],
    ] as const)('has no serious barrier and no sideways scroll: %s, %i pixels wide', async (colorScheme, width) => {
      browser = await openBrowser({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const { context } = browser;
      const page = await context.newPage();
      const barriers: string[] = [];
      // Something to settle, and something long in it.
      const disputed = (await itemPath('r-3')).split('?')[0] ?? '';
      await send(`${disputed}/labels`, { question: 'reached', answer: 'unsure', note: 'The parcel was at the depot, and nobody says whether it came.', token: tokenIn((await htmlOf(disputed)).html) }, operator, 'Cleo');
      const pages: [name: string, path: string, key: string, reviewer?: string][] = [
        ['queue', '/review?state=all', operator, 'Anna'],
        ['done', '/review', operator, 'Anna'],
        ['new', '/review', operator, 'Cleo'],
        ['item-new', await itemPath('r-1'), operator, 'Cleo'],
        ['item-labelled', await itemPath('r-1'), operator, 'Anna'],
        ['item-disagreed', await itemPath('r-3'), operator, 'Anna'],
        ['item-settled', await itemPath('r-2'), operator, 'Anna'],
        ['item-not-billed', await itemPath('r-4'), operator, 'Cleo'],
        ['item-read-only', await itemPath('r-6'), reader],
        ['report', '/review/report?minimum=1', operator],
        ['report-few', '/review/report', operator],
        ['empty', '/review', stranger],
        ['report-empty', '/review/report', stranger],
      ];
      for (const [name, path, key, reviewer] of pages) {
        await context.clearCookies();
        await context.addCookies([{ name: 'astrolabe_key', value: key, url: service.url }, ...(reviewer === undefined ? [] : [{ name: 'astrolabe_reviewer', value: reviewer, url: service.url }])]);
        await page.goto(`${service.url}${path}`);
        if (name === 'item-new') await page.keyboard.press('?');
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/review-${name}-${colorScheme}-${width}.png`, fullPage: true });
        const scrolls = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
        if (scrolls) barriers.push(`${path} is wider than ${width} pixels`);
        barriers.push(...(await audit(page)).map((violation) => `${path}: ${violation}`));
      }
      expect(barriers).toEqual([]);
    }, 120_000);
  });
});
