import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions } from 'playwright-core';
import { ApiKeys, ManualClock } from '#platform';
import { audit } from './support/audit.js';
import { isChromiumInstalled, openBrowser, type Browser } from './support/chromium.js';
import { HOSTILE_CONVERSATION, HOSTILE_SPAN, ORGANIZATION, playNorthwind } from './support/northwind.js';
import { readable } from './support/readable.js';
import { startPagesService, type PagesService } from './support/pages-service.js';

const SHOTS = process.env['SHOTS_DIRECTORY'];
const STATEMENT = '/statements/northwind/2026-11';
const hostile = `/conversations/${encodeURIComponent(HOSTILE_CONVERSATION)}`;

describe('pages', () => {
  const clock = new ManualClock('2026-11-20T12:00:00Z');
  const [reader, operator, sender, stranger] = [ApiKeys.newSecret(), ApiKeys.newSecret(), ApiKeys.newSecret(), ApiKeys.newSecret()];
  let service: PagesService;
  let comparison: string;
  let pages: string[];
  /** What the line of a statement leads to. */
  let line: string;

  beforeAll(async () => {
    service = await startPagesService(clock);
    await service.keys.ensure(ORGANIZATION, 'reader', reader, ['read']);
    await service.keys.ensure(ORGANIZATION, 'operator', operator, ['operate']);
    await service.keys.ensure(ORGANIZATION, 'sender', sender, ['ingest']);
    await service.keys.ensure('globex', 'stranger', stranger, ['admin']);
    const { baseRun, candidateRun } = await playNorthwind(service, operator);
    const statement = await (await open(STATEMENT, reader)).text();
    line = (/href="([^"]*outcomes[^"]*)">resolved/.exec(statement)?.[1] ?? '').replaceAll('&amp;', '&');
    comparison = `/comparisons?base=${baseRun}&candidate=${candidateRun}`;
    pages = ['/', '/conversations', '/conversations/c-refund', hostile, '/statements', STATEMENT, line, '/losses', '/review', '/review/report', '/runs', '/audit', comparison];
  }, 60_000);
  // Undefined where it did not start, which is then the failure to read about.
  afterAll(() => (service as PagesService | undefined)?.close());

  const open = (path: string, key?: string, init: RequestInit = {}) =>
    fetch(`${service.url}${path}`, { redirect: 'manual', ...init, headers: { ...(key && { cookie: `astrolabe_key=${key}` }), ...init.headers } });
  const textOf = async (path: string, key = reader) => {
    const response = await open(path, key);
    return { status: response.status, text: readable(await response.text()) };
  };
  const logIn = (form: Record<string, string>) => open('/login', undefined, { method: 'POST', body: new URLSearchParams(form) });

  describe('who may see them', () => {
    it('asks for a key first, and remembers what was wanted', async () => {
      const response = await open(`${STATEMENT}?currency=USD`);
      expect(response.status).toBe(303);
      expect(response.headers.get('location')).toBe(`/login?next=${encodeURIComponent(`${STATEMENT}?currency=USD`)}`);
      expect((await open('/', ApiKeys.newSecret())).headers.get('location')).toBe('/login?next=%2F');
    });

    it('lets in with a key from the form and out again', async () => {
      const response = await logIn({ key: ` ${reader} `, next: '/runs' });
      expect([response.status, response.headers.get('location')]).toEqual([303, '/runs']);
      expect(response.headers.get('set-cookie')).toBe(`astrolabe_key=${reader}; Path=/; HttpOnly; SameSite=Lax`);
      const left = await open('/logout', reader, { method: 'POST' });
      expect([left.status, left.headers.get('location'), left.headers.get('set-cookie')]).toEqual([303, '/login', 'astrolabe_key=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0, astrolabe_reviewer=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0']);
    });

    it.each([
      ['a wrong key', () => ApiKeys.newSecret(), 401, 'not known or was revoked'],
      ['no key', () => '', 401, 'Paste an API key first'],
      ['a key that may only send', () => sender, 403, '&quot;read&quot; is needed'],
    ])('gives the form again for %s, and says why', async (_what, key, status, problem) => {
      const response = await logIn({ key: key(), next: '/runs' });
      expect([response.status, response.headers.get('set-cookie')]).toEqual([status, null]);
      const html = await response.text();
      expect(html).toContain(problem);
      expect(html).toContain('name="next" value="/runs"');
    });

    it('sends nobody to another site', async () => {
      expect((await logIn({ key: reader, next: 'https://evil.example/' })).headers.get('location')).toBe('/');
      expect((await logIn({ key: reader, next: '//evil.example/' })).headers.get('location')).toBe('/');
      expect(await (await open('/login?next=//evil.example')).text()).toContain('name="next" value="/"');
    });

    it('answers a link with a key in it at once, and keeps the key in the cookie alone', async () => {
      const response = await open(`/runs?key=${reader}`);
      expect([response.status, response.headers.get('set-cookie')]).toEqual([200, `astrolabe_key=${reader}; Path=/; HttpOnly; SameSite=Lax`]);
      expect(await response.text()).not.toContain(reader);
      const wrong = await open(`/runs?key=${ApiKeys.newSecret()}`, reader);
      expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
      expect(await wrong.text()).toContain('name="next" value="/runs"');
    });

    it('refuses a key without the scope on a page of its own', async () => {
      expect(await textOf('/', sender)).toMatchObject({ status: 403, text: expect.stringContaining('scope_missing') });
    });

    it('shows nothing of another organization', async () => {
      for (const path of ['/', '/conversations', '/statements', '/losses', '/review', '/review/report', '/runs', '/audit']) {
        const { status, text } = await textOf(path, stranger);
        expect(status).toBe(200);
        expect(text).not.toMatch(/northwind|c-refund|quick|careful|reason-model/i);
      }
      for (const path of pages.filter((path) => !['/', '/conversations', '/statements', '/losses', '/review', '/review/report', '/runs', '/audit'].includes(path))) {
        const { status, text } = await textOf(path, stranger);
        expect(status).toBe(404);
        expect(text).not.toContain('Northwind & Sons');
      }
    });
  });

  describe('what they say', () => {
    it('carries headers that let nothing in and nothing out', async () => {
      for (const path of [...pages, '/login', '/conversations/none']) {
        const { headers } = await open(path, reader);
        expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
        const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        // The queue has keys; no other of these pages runs anything.
        expect(headers.get('content-security-policy')).toBe(path === '/review' ? `${policy}; script-src 'self'` : policy);
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect(headers.get('cache-control')).toBe('no-store');
      }
    });

    it('serves the style by what is in it, for ever', async () => {
      const [, path = ''] = /href="(\/assets\/astrolabe\.css\?v=[0-9a-f]{12})"/.exec(await (await open('/login')).text()) ?? [];
      const response = await open(path);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
      expect(response.headers.get('cache-control')).toContain('immutable');
    });

    it('sums up on the overview', async () => {
      const { text } = await textOf('/');
      expect(text).toContain('Billable outcomes 3 of 5 decided episodes');
      expect(text).toContain('1 conversation still to be decided');
      // 1.80 + 2 x 0.99.
      expect(text).toContain('Billable amount 3.78 USD');
      // Calls of the in-house model: refund, answer, handed over; and, not decided yet, going on.
      expect(text).toContain('without 3 calls of unknown cost');
      expect(text).toContain('the cost of 4 calls is unknown');
      expect(text).toContain('No breaks: decisions, ledger, outbox and the Stripe sandbox agree on 2 meters.');
      expect(text).toContain('excluded by the contract: handed over');
      expect(text).toContain('reason-model northwind-support reason quick careful 12.50 %');
    });

    it('shows a statement that adds up, read back from the sandbox, down to its outcomes', async () => {
      const { text } = await textOf(STATEMENT);
      expect(text).toContain('Statement for Northwind & Sons, 2026-11');
      expect(text).toContain('Period 2026-11-01 00:00 up to 2026-12-01 00:00 Time zone Europe/Berlin');
      expect(text).toContain('refund completed, customer confirmed 1 0 1 1.80 USD 1.80 USD 1.80 USD');
      expect(text).toContain('resolved, customer confirmed 2 0 2 0.99 USD 1.98 USD 1.98 USD');
      expect(text).toContain('Total to pay 3.78 USD');
      expect(text).toContain('Stripe sandbox, read back 3.78 USD equal to the ledger');
      expect(text).toContain('A local stand-in: nothing is charged.');
      expect(text).toContain('npx astrolabe evidence export --statement northwind/2026-11/USD');
      const behind = (await textOf(line)).text;
      expect(behind).toContain('2 outcomes, 1.98 USD');
      expect(behind).toContain('c-answer 1');
      expect(behind).not.toContain('c-refund');
    });

    it('explains a decision, and marks what was speculative, wasted, failed or of unknown cost', async () => {
      const { text } = await textOf('/conversations/c-refund');
      expect(text).toContain('Outcome refund completed Billable yes: a policy of the contract held Grade of evidence customer confirmed Amount 1.80 USD');
      expect(text).toContain('Contract northwind-support, version 1');
      expect(text).toContain('exclusion 1, when handed_off did not hold');
      expect(text).toContain('policy 1, grade confirmed ? "customer_confirmed" : "system_verified" rests on signal …');
      expect(text).toContain('task draft-refund · gpt-4.1-mini speculative, used');
      expect(text).toContain('task draft-cancellation · gpt-4.1-mini speculative, wasted');
      expect(text).toContain('error: timed out after 150 ms');
      expect(text).toMatch(/task detect-language · an-in-house-model 85.0 ms 120 2 unknown: /);
      expect(text).toContain('refund issued 42.00 system');
      expect((await textOf('/conversations/c-going-on')).text).toContain('Not decided yet');
      expect((await textOf('/conversations/c-handed-over')).text).toContain('on none: nothing is booked');
    });

    it('ranks what earned nothing, and says what people did after hand-offs', async () => {
      const { text } = await textOf('/losses');
      // What was handed over would have been a refund; of the other, the mean of 1.80 and twice 0.99 is an estimate.
      expect(text).toContain('excluded by the contract: handed over 1 1.80 USD 1 episode none');
      expect(text).toContain('no policy of the contract held 1 unknown 0 episodes about 1.26 USD');
      expect(text).toContain('refund issued 1 1.80 USD wants a person (1) c-handed-over');
      expect((await textOf('/losses?customer=nobody')).text).toContain('Every episode that ended in this window was billed, or none did.');
      expect(await textOf('/losses?from=2026-11-02&through=2026-10-01')).toMatchObject({ status: 400, text: expect.stringContaining('must begin before it ends') });
    });

    it('writes what came from outside as text', async () => {
      const html = await (await open(hostile, reader)).text();
      expect(html).not.toMatch(/<script|<img/);
      expect(html).toContain('&lt;script>document.title=');
      expect((await textOf(hostile)).text).toContain(HOSTILE_SPAN);
    });

    it('compares two runs, regressions first', async () => {
      const { text } = await textOf(comparison);
      // quick: 1/3, 1, 1, 0, 2/3 of three trials; careful: 1, 1, 1/3, 2/3, 1.
      expect(text).toContain('Pass rate of quick 60.0 % 9 of 15 trials');
      expect(text).toContain('Pass rate of careful 80.0 % 12 of 15 trials');
      expect(text).toContain('Difference +20.0 points');
      expect(text).toContain('no evidence that they differ, which is not evidence that they are equal');
      expect(text).toContain('1 regression, 2 fixes');
      expect(text).toMatch(/opening-hours regression 3 of 3 1 of 3 cancel-subscription fixed 0 of 3 2 of 3 refund fixed 1 of 3 3 of 3/);
    });

    it('says who did what, when and why, the newest first', async () => {
      const { text } = await textOf('/audit');
      expect(text).toMatch(/2 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC key key_gone rollout created .* rollout reason-model/);
      expect(text).toMatch(/1 2026-.* UTC person Ada contract activated .* contract northwind-support@1 the pilot is over/);
      expect(text).toContain('status: was draft, is active');
      expect(text).toContain('exposure: 12.5%');
      expect((await textOf('/audit?page=2')).text).toContain('There is no page 2.');
    });

    it('answers what is not there with a page, and an API call with a problem', async () => {
      expect(await textOf('/conversations/none')).toMatchObject({ status: 404, text: expect.stringContaining('conversation_not_found') });
      expect(await textOf('/statements/nobody/2026-11')).toMatchObject({ status: 404, text: expect.stringContaining('statement_not_found') });
      expect(await textOf('/statements/northwind/yesterday')).toMatchObject({ status: 400, text: expect.stringContaining('invalid_period') });
      expect(await textOf('/comparisons?base=run_x')).toMatchObject({ status: 400, text: expect.stringContaining('candidate') });
      expect(await textOf('/comparisons?base=run_x&candidate=run_y')).toMatchObject({ status: 404, text: expect.stringContaining('run_not_found') });
      const api = await open('/api/v1/runs/none', undefined, { headers: { authorization: `Bearer ${reader}` } });
      expect([api.status, api.headers.get('content-type')]).toEqual([404, expect.stringContaining('application/problem+json')]);
    });

    it('says what to do where there is nothing yet', async () => {
      const { text } = await textOf('/', stranger);
      expect(text).toContain('Nothing has arrived yet.');
      expect(text).toContain('No episode is decided yet.');
      expect(text).toContain('have not been compared yet');
      expect((await textOf('/audit', stranger)).text).toContain('Nothing is written down yet.');
      expect((await textOf('/conversations?page=7', stranger)).text).toContain('There is no page 7.');
    });
  });

  if (!isChromiumInstalled) {
    console.warn('Chromium is not installed at /usr/bin/chromium: the pages were not opened in a browser. Install the package "chromium" to run these tests.');
    it('skipped: Chromium is not installed', () => undefined);
    return;
  }

  describe('in Chromium', () => {
    let browser: Browser | undefined;
    const start = async (options: BrowserContextOptions = {}) => (browser = await openBrowser(options)).context;
    afterEach(() => browser?.close());

    it('leads from an explanation to the row of what it rests on', async () => {
      const context = await start();
      await context.addCookies([{ name: 'astrolabe_key', value: reader, url: service.url }]);
      const page = await context.newPage();
      await page.goto(`${service.url}/conversations/c-refund`);
      for (const [link, row] of [[/^signal …/, /^refund issued/], [/^span …/, /^execute_tool look_up_order/]] as const) {
        await page.getByRole('link', { name: link }).first().click();
        expect(await page.locator('tr:target').innerText()).toMatch(row);
      }
    });

    it('leads from the overview to a conversation, its statement and a comparison', async () => {
      const context = await start();
      const complaints: string[] = [];
      const page = await context.newPage();
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      const heading = () => page.locator('h1').innerText();

      await page.goto(`${service.url}/`);
      await page.getByLabel('API key').fill(reader);
      await page.getByRole('button', { name: 'Log in' }).click();
      expect(await heading()).toBe('Overview');

      await page.getByRole('link', { name: 'c-refund' }).click();
      expect(await heading()).toBe('Conversation c-refund');
      await page.getByRole('link', { name: '2026-11, USD' }).click();
      expect(await heading()).toBe('Statement for Northwind & Sons, 2026-11');
      await page.getByRole('link', { name: 'resolved, customer confirmed' }).click();
      await page.getByRole('link', { name: HOSTILE_CONVERSATION }).click();
      expect(await heading()).toBe(`Conversation ${HOSTILE_CONVERSATION}`);
      expect(new URL(page.url()).hash).toBe('#episode-1');
      expect(await page.title()).toContain('Astrolabe');

      await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
      await page.getByRole('link', { name: 'careful against quick' }).click();
      expect(await heading()).toBe('careful against quick');

      // By keyboard: the first stop on every page skips to its content.
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');

      await page.getByRole('button', { name: 'Log out' }).click();
      expect(await heading()).toBe('Log in');
      await page.goto(`${service.url}/runs`);
      expect(await heading()).toBe('Log in');
      expect(complaints).toEqual([]);
    }, 60_000);

    it.each([
      ['light', 1280],
      ['light', 360],
      ['dark', 1280],
      ['dark', 360],
    ] as const)('has no serious barrier and no sideways scroll: %s, %i pixels wide', async (colorScheme, width) => {
      // The audit is a script, which the pages' own policy would refuse.
      const context = await start({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const page = await context.newPage();
      const barriers: string[] = [];
      const visit = async (path: string, key: string, name: string) => {
        await context.clearCookies();
        if (key !== '') await context.addCookies([{ name: 'astrolabe_key', value: key, url: service.url }]);
        await page.goto(`${service.url}${path}`);
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${colorScheme}-${width}.png`, fullPage: true });
        const scrolls = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
        if (scrolls) barriers.push(`${path} is wider than ${width} pixels`);
        barriers.push(...(await audit(page)).map((violation) => `${path}: ${violation}`));
      };
      for (const [index, path] of pages.entries()) await visit(path, reader, `${index}-${nameOf(path)}`);
      for (const path of ['/', '/conversations', '/statements', '/losses', '/review', '/review/report', '/runs', '/audit']) await visit(path, stranger, `empty-${nameOf(path)}`);
      await visit('/conversations/none', reader, 'not-found');
      await visit('/login', '', 'login');
      expect(barriers).toEqual([]);
    }, 120_000);
  });
});

function nameOf(path: string): string {
  return path.replace(/\?.*/, '').replace(/[^a-z]+/gi, '-').slice(0, 40);
}
