import { itemStates, type ItemState, type Measured, type ReviewGroup, type ReviewReport, type SampledStratum } from '#outcomes';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { percent, table } from '../figures.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface ListedItem {
  decision: { id: string; conversationId: string; episode: number; outcome: string; locale: string; isBillable: boolean };
  state: ItemState;
  reasons: { why: string }[];
  own: { question: string; answer: string }[];
}

interface SampleOptions extends ServiceOptions {
  period: string;
  perStratum: number;
  seed: string;
  assign?: string[];
}

interface ListOptions extends ServiceOptions {
  labeller?: string;
  state?: ItemState;
  outcome?: string;
  locale?: string;
  limit: number;
}

/** `astrolabe review`: which decisions people look at, and how right they find them. Labelling itself is done on the pages. */
export function addReview(parent: Command, terminal: Terminal): void {
  const review = parent.command('review').description('people review decisions: draw a sample, list what is up for review, report what they found');

  serviceCommand(review, 'sample', 'operate')
    .description('draw so many decisions of each outcome and locale, billable or not; the same again adds nothing')
    .requiredOption('--period <month>', 'the month in which they were decided, in UTC, such as 2026-11')
    .option('--per-stratum <n>', 'how many of each, with those that were drawn before', wholeNumber, 30)
    .option('--seed <text>', 'another seed draws others', 'review')
    .option('--assign <name...>', 'deal them out to these in turn; without it everybody labels all of them')
    .action(async ({ period, perStratum, seed, assign, ...options }: SampleOptions) => {
      const body = { period, perStratum, seed, ...(assign && { assignTo: assign }) };
      const result = await clientOf(options, terminal).send<{ added: number; strata: SampledStratum[] }>('POST', '/api/v1/review/samples', body);
      printResult(terminal, options.json === true, result, () => describeSample(period, result));
    });

  serviceCommand(review, 'list', 'read')
    .description('what is up for review, as one labeller sees it')
    .option('--labeller <name>', 'whose queue (default: the name of the key)')
    .addOption(new Option('--state <state>', 'only these').choices(itemStates))
    .option('--outcome <name>', 'only this outcome')
    .option('--locale <locale>', 'only this locale')
    .option('--limit <n>', 'at most so many', wholeNumber, 100)
    .action(async ({ labeller, state, outcome, locale, limit, ...options }: ListOptions) => {
      const query = new URLSearchParams(Object.entries({ labeller, state, outcome, locale, limit: String(limit) }).filter((entry): entry is [string, string] => entry[1] !== undefined));
      const result = await clientOf(options, terminal).get<{ total: number; items: ListedItem[] }>(`/api/v1/review/items?${query}`);
      printResult(terminal, options.json === true, result, () => describeList(result));
    });

  serviceCommand(review, 'assign', 'operate')
    .description('make it the turn of somebody else, or without a name of everybody; what was labelled stays')
    .argument('<decision>', 'its id')
    .argument('[name]', 'the name that they give on the page')
    .action(async (decision: string, name: string | undefined, options: ServiceOptions) => {
      const result = await clientOf(options, terminal).send<{ decisionId: string; assignedTo: string | null }>('PUT', `/api/v1/review/items/${encodeURIComponent(decision)}/assignment`, { assignedTo: name ?? null });
      printResult(terminal, options.json === true, result, () => [`${result.decisionId} is labelled by ${result.assignedTo ?? 'everybody'}`]);
    });

  serviceCommand(review, 'report', 'read')
    .description('how far the labellers agree, and the precision and recall that they measure')
    .option('--minimum <n>', 'give no figure of fewer than this (default: 20)', wholeNumber)
    .action(async ({ minimum, ...options }: ServiceOptions & { minimum?: number }) => {
      const result = await clientOf(options, terminal).get<ReviewReport>(`/api/v1/review/report${minimum === undefined ? '' : `?minimum=${minimum}`}`);
      printResult(terminal, options.json === true, result, () => describeReport(result));
    });
}

function describeSample(period: string, { added, strata }: { added: number; strata: readonly SampledStratum[] }): string[] {
  if (strata.length === 0) return [`nothing was decided under a contract in ${period}`];
  const rows = strata.map(({ outcome, locale, isBillable, size, drawn, added: fresh }) => [nameOf({ outcome, locale }), isBillable ? 'yes' : 'no', String(size), String(drawn), String(fresh)]);
  return [...table([['outcome, locale', 'billable', 'decisions', 'sampled', 'of them new'], ...rows]), '', `${added} decisions are new in the queue`];
}

function describeList({ total, items }: { total: number; items: readonly ListedItem[] }): string[] {
  if (total === 0) return ['nothing is up for review: astrolabe review sample --period 2026-11'];
  const rows = items.map(({ decision, state, reasons, own }) => [
    ...[decision.id, `${decision.conversationId} ${decision.episode}`, nameOf(decision), reasons.map(({ why }) => why).join(', '), state.replaceAll('_', ' ')],
    own.map(({ answer }) => answer).join(', ') || '-',
  ]);
  return [...table([['decision', 'conversation, episode', 'outcome, locale', 'why', 'state', 'own answer'], ...rows]), ...(total > items.length ? ['', `${items.length} of ${total}`] : [])];
}

function describeReport(report: ReviewReport): string[] {
  const { total, byLocale, byOutcome, byOutcomeAndLocale } = report;
  if (report.sampled === 0) return ['nothing that stands was sampled, and only a sample can be reported: astrolabe review sample --period 2026-11'];
  const groups = [total, ...byLocale, ...byOutcome, ...byOutcomeAndLocale];
  return [
    `${report.sampled} sampled decisions, ${report.settled} settled, ${report.undecided} undecided; left out: ${report.replaced} replaced since, ${report.notSampled} picked or disputed`,
    '',
    ...table([['outcome, locale', 'precision', 'recall', 'alpha'], ...groups.map((group) => [nameOf(group), group.precision ? measured(group.precision) : 'not billable', group.recall ? measured(group.recall) : '-', alphaOf(group, report.nMin)])]),
    ...(total.agreement.pairs.length === 0 ? [] : ['', ...table([['labellers', 'both labelled', 'kappa'], ...total.agreement.pairs.map(({ labellers, items, kappa, interval }) => [labellers.join(' and '), String(items), items < report.nMin ? 'too few' : figure(kappa, interval)])])]),
  ];
}

function nameOf({ outcome, locale }: { outcome: string | null; locale: string | null }): string {
  if (outcome === null && locale === null) return 'all';
  return [outcome ?? 'all', locale === null ? 'all' : locale || 'no locale'].join(', ');
}

function measured(rate: Measured): string {
  switch (rate.kind) {
    case 'measured':
      return `${percent(rate.rate)} [${percent(rate.interval.lower)}, ${percent(rate.interval.upper)}] of ${rate.n}`;
    case 'too_few':
      return `too few (${rate.n})`;
    case 'incomplete':
      return `incomplete (${percent(rate.coverage)} of it)`;
  }
}

function alphaOf({ agreement: { items, alpha, interval } }: ReviewGroup, nMin: number): string {
  return items < nMin ? `too few (${items})` : figure(alpha, interval);
}

function figure(value: number | null, interval: { lower: number; upper: number } | null): string {
  if (value === null) return 'undefined';
  return interval === null ? value.toFixed(3) : `${value.toFixed(3)} [${interval.lower.toFixed(3)}, ${interval.upper.toFixed(3)}]`;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('must be a whole number of 1 or more.');
  return Number(text);
}
