import type { MissingStep, RankedReason } from '#outcomes';
import { formatMicros } from '#platform';
import type { Command } from 'commander';
import { table } from '../figures.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

type Wire<T> = { [Key in keyof T]: T[Key] extends bigint ? string : T[Key] extends bigint | null ? string | null : T[Key] };

interface LossesAnswer {
  reasons: Wire<RankedReason>[];
  steps: Wire<MissingStep>[];
}

/** `astrolabe outcomes`: what was decided. */
export function addOutcomes(parent: Command, terminal: Terminal): void {
  const outcomes = parent.command('outcomes').description('what was decided of conversations');

  serviceCommand(outcomes, 'losses', 'read')
    .description('why episodes earned nothing, by what they would have earned; and what people did after hand-offs')
    .option('--from <date>', 'first day of the window in UTC (default: 30 days before its end)')
    .option('--through <date>', 'last day of the window (default: today)')
    .option('--customer <id>', 'of one customer')
    .action(async (options: ServiceOptions & { from?: string; through?: string; customer?: string }) => {
      const { from, through, customer } = options;
      const query = new URLSearchParams({ ...(from !== undefined && { from }), ...(through !== undefined && { through }), ...(customer !== undefined && { customer }) });
      const losses = await clientOf(options, terminal).get<LossesAnswer>(`/api/v1/outcomes/losses?${query.toString()}`);
      printResult(terminal, options.json === true, losses, () => describeLosses(losses));
    });
}

function describeLosses({ reasons, steps }: LossesAnswer): string[] {
  if (reasons.length === 0) return ['Every episode that ended in this window was billed, or none did.'];
  const money = (micros: string, currency: string) => `${formatMicros(BigInt(micros))} ${currency}`;
  const estimate = ({ estimatedMicros, currency }: LossesAnswer['reasons'][number]) => (estimatedMicros === null ? 'unknown' : estimatedMicros === '0' ? '' : `about ${money(estimatedMicros, currency)}`);
  return [
    ...table([['why', 'episodes', 'would have earned', 'the rest, estimated'], ...reasons.map((row) => [row.reason, String(row.episodes), row.listedEpisodes === 0 ? 'unknown' : money(row.listedMicros, row.currency), estimate(row)])]),
    ...(steps.length === 0
      ? []
      : ['', ...table([['what people did', 'episodes', 'would have earned', 'unknown'], ...steps.map((step) => [step.step ?? `(nothing observed: ${step.handoffReasons[0]?.reason || 'no reason given'})`, String(step.episodes), money(step.lostMicros, step.currency), String(step.unknownLosses)])])]),
  ];
}
