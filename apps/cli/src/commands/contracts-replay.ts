import type { Flip, OutcomeShift, Replay, ReplayResult } from '#outcomes';
import { readContract } from '#outcomes';
import { DomainError, type Problem } from '#platform';
import type { Command } from 'commander';
import { parseVersion, isContractFile } from '../contract-name.js';
import { table, warningLines } from '../figures.js';
import { startProgress, type Progress } from '../progress.js';
import { readInputFile } from '../read-input-file.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

/** A replay as the service sends it: times as text. */
type ReplayAnswer = Omit<Replay, 'window' | 'replayedAt' | 'signOffs'> & { window: { from: string; to: string }; signOffs: { note: string; signedBy: string; signedAt: string }[] };

type Line = { progress: { done: number; total: number } } | { replay: ReplayAnswer } | { problem: Pick<Problem, 'code' | 'detail'> };

interface ReplayOptions extends ServiceOptions {
  from: string;
  to: string;
  against?: string;
  sample: string;
}

/** `astrolabe contracts replay`, `sign-off` and `shadow`: what a contract would decide, before it decides. */
export function addContractsReplay(contracts: Command, terminal: Terminal): void {
  serviceCommand(contracts, 'replay', 'operate')
    .description('what a contract would have decided about a past window, beside the active one; touches nothing')
    .argument('<contract>', 'a file, or id@version')
    .requiredOption('--from <time>', 'first moment of the window: a date (in UTC), or a time such as 2026-10-01T00:00:00Z')
    .requiredOption('--to <time>', 'end of the window, no longer in it')
    .option('--against <version>', 'compare with id@version and not with what is active')
    .option('--sample <count>', 'how many conversations that flip are shown', '20')
    .action(async (name: string, options: ReplayOptions) => {
      const replay = await carryOut(name, options, terminal);
      printResult(terminal, options.json === true, replay, () => describeReplay(replay));
    });

  serviceCommand(contracts, 'shadow', 'operate')
    .description('let a version decide beside the active ones from now on, for nothing; it may be a draft')
    .argument('<contract>', 'id@version')
    .option('--stop', 'no longer')
    .action(async (name: string, options: ServiceOptions & { stop?: true }) => {
      const { id, version } = versionOf(name);
      const set = await clientOf(options, terminal).send<{ shadowSince: string | null }>('PUT', shadowPath(id, version), { isOn: options.stop !== true });
      printResult(terminal, options.json === true, set, () => [`${name} ${set.shadowSince === null ? 'no longer decides in the shadow' : `decides in the shadow since ${set.shadowSince}`}`]);
    });

  serviceCommand(contracts, 'shadow-report', 'read')
    .description('what a version decided in the shadow, beside what was decided')
    .argument('<contract>', 'id@version')
    .requiredOption('--from <time>', 'first moment of the window, by the end of episodes: a date (in UTC), or a time')
    .requiredOption('--to <time>', 'end of the window, no longer in it')
    .option('--sample <count>', 'how many conversations that flip are shown', '20')
    .action(async (name: string, options: ReplayOptions) => {
      const { id, version } = versionOf(name);
      const query = new URLSearchParams({ from: timeOf(options.from, '--from'), to: timeOf(options.to, '--to'), sample: options.sample });
      const result = await clientOf(options, terminal).get<ReplayResult>(`${shadowPath(id, version)}?${query.toString()}`);
      printResult(terminal, options.json === true, result, () => [`${name} in the shadow, ${options.from} to ${options.to}: ${result.conversations} conversations`, '', ...describeResult(result, ['active', name])]);
    });

  serviceCommand(contracts, 'sign-off', 'operate')
    .description('record that you looked at a replay and agree with it')
    .argument('<replay>', 'its id')
    .requiredOption('--note <text>', 'what was looked at, and why it is right')
    .action(async (id: string, options: ServiceOptions & { note: string }) => {
      const replay = await clientOf(options, terminal).send<ReplayAnswer>('POST', `/api/v1/contracts/replays/${encodeURIComponent(id)}/sign-offs`, { note: options.note });
      printResult(terminal, options.json === true, replay, () => [`${replay.contract.id} version ${replay.contract.version} is signed off by ${replay.signOffs.at(-1)?.signedBy ?? ''}: it can be activated`]);
    });
}

async function carryOut(name: string, options: ReplayOptions, terminal: Terminal): Promise<ReplayAnswer> {
  const request = {
    ...(isContractFile(name) ? await contractFile(name) : { contract: versionOf(name) }),
    ...(options.against !== undefined && { against: versionOf(options.against) }),
    from: timeOf(options.from, '--from'),
    to: timeOf(options.to, '--to'),
    sample: Number(options.sample),
  };
  let progress: Progress | undefined;
  let done = 0;
  try {
    for await (const line of clientOf(options, terminal).lines<Line>('POST', '/api/v1/contracts/replays', request)) {
      if ('problem' in line) throw new DomainError({ kind: 'unavailable', code: line.problem.code, message: line.problem.detail });
      if ('replay' in line) return line.replay;
      progress ??= startProgress(terminal.stderr, line.progress.total);
      progress.advance(line.progress.done - done);
      done = line.progress.done;
    }
  } finally {
    progress?.stop();
  }
  throw new DomainError({ kind: 'unavailable', code: 'answer_broke_off', message: 'The service broke off before the replay was done: try again' });
}

async function contractFile(name: string): Promise<{ source: string; fileName: string }> {
  const source = await readInputFile(name);
  readContract(source, name);
  return { source, fileName: name };
}

function versionOf(name: string): { id: string; version: number } {
  const { id, version } = parseVersion(name);
  if (version === undefined) throw new DomainError({ kind: 'invalid', code: 'version_missing', message: `"${name}" names no version: write ${name}@1, or a file` });
  return { id, version };
}

function timeOf(text: string, option: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new DomainError({ kind: 'invalid', code: 'usage', message: `${option} "${text}" is no time: write a date such as 2026-10-01, or 2026-10-01T00:00:00Z` });
  return time.toISOString();
}

function shadowPath(id: string, version: number): string {
  return `/api/v1/contracts/${encodeURIComponent(id)}/versions/${version}/shadow`;
}

function describeReplay({ id, contract, against, window, result, warnings }: ReplayAnswer): string[] {
  const beside = against.length === 0 ? 'nothing' : against.map((version) => `${version.id}@${version.version}`).join(', ');
  return [
    `${contract.id}@${contract.version} beside ${beside}, ${window.from} to ${window.to}: ${result.conversations} conversations`,
    '',
    ...describeResult(result, [beside, `${contract.id}@${contract.version}`]),
    ...warningLines(warnings),
    '',
    `replay ${id}; agree with it: astrolabe contracts sign-off ${id} --note "..."`,
  ];
}

function describeResult({ outcomes, money, flips, confidence }: ReplayResult, [before, after]: readonly [string, string]): string[] {
  const amount = (side: 'base' | 'draft') => `${money[side].total} ${money[side].currency ?? ''}`.trim();
  return [
    ...table([['', before, after], ...outcomes.map(shiftRow), ['total', amount('base'), amount('draft')]]),
    '',
    money.difference === null ? 'difference: not given, as the two are in different currencies' : `difference ${money.difference} ${money.draft.currency ?? money.base.currency ?? ''}`.trim(),
    ...(confidence.perConversation ? [`${signed(confidence.perConversation.difference)} a conversation (95 % interval ${signed(confidence.perConversation.low)} to ${signed(confidence.perConversation.high)})`] : []),
    `${confidence.baseOnly} conversations are billed only before, ${confidence.draftOnly} only after (McNemar p = ${confidence.pValue.toPrecision(3)})`,
    ...(flips.count === 0 ? [] : ['', `${flips.count} conversations flip${flips.count > flips.sample.length ? `, of which ${flips.sample.length}` : ''}:`, ...flips.sample.flatMap(flipLines)]),
  ];
}

function shiftRow({ outcome, grade, isBillable, reason, base, draft }: OutcomeShift): string[] {
  return [isBillable ? `billed: ${outcome}, ${grade ?? ''}` : `not billed: ${reason}${outcome === 'none' ? '' : ` (${outcome})`}`, String(base), String(draft)];
}

function flipLines({ conversationId, base, draft }: Flip): string[] {
  const side = ({ outcomes, amount }: Flip['base']) => `${outcomes.map(({ outcome, reason, isBillable }) => (isBillable ? outcome : reason)).join(' + ') || 'nothing'} ${amount}`;
  return [`  ${conversationId}: ${side(base)} -> ${side(draft)}`, ...deciding(draft)];
}

/** The expressions that decided on the new side: the last that held for each outcome. */
function deciding({ outcomes }: Flip['draft']): string[] {
  return outcomes.flatMap(({ explanation }) => {
    const last = explanation.findLast(({ held }) => held);
    return last ? [`    because ${last.at}: ${last.expression}`] : [];
  });
}

function signed(amount: number): string {
  return `${amount < 0 ? '-' : '+'}${Math.abs(amount).toFixed(4)}`;
}
