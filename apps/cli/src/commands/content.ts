import { DomainError } from '#platform';
import type { TelemetrySettings } from '#traces';
import { InvalidArgumentError, type Command } from 'commander';
import { table } from '../figures.js';
import { clientOf, serviceCommand, type ServiceOptions } from '../service-command.js';
import { printResult, type Terminal } from '../terminal.js';

interface ListedErasure {
  id: string;
  conversationId: string | null;
  endUserId: string | null;
  requestedAt: string;
  lastDoneAt: string | null;
}

interface SettingsOptions extends ServiceOptions {
  keep?: boolean;
  bytesMax?: number;
  redactPattern?: string[];
  redactKey?: string[];
  contentDays?: number;
  spanDays?: number;
}

/** `astrolabe content`: whether what people and models said is kept, for how long, and its erasure. */
export function addContent(parent: Command, terminal: Terminal): void {
  const content = parent.command('content').description('message bodies: whether they are kept, for how long, and their erasure');

  serviceCommand(content, 'settings', 'admin')
    .description('show the settings, or change those that are named')
    .option('--keep', 'keep message bodies from now on')
    .option('--no-keep', 'keep none from now on; those that are there stay until they are erased or their time is over')
    .option('--bytes-max <n>', 'cut longer bodies', wholeNumber)
    .option('--redact-pattern <re2...>', 'replace what matches (RE2 syntax, any letter case); replaces the list')
    .option('--redact-key <name...>', 'replace values of attributes and JSON members of that name; replaces the list')
    .option('--content-days <n>', 'delete bodies after so many days; 0 keeps them as long as their spans', wholeNumber)
    .option('--span-days <n>', 'delete spans after so many days; 0 keeps them. Decisions and money stay', wholeNumber)
    .action(async (options: SettingsOptions) => {
      const changes = changesOf(options);
      const client = clientOf(options, terminal);
      const path = '/api/v1/telemetry/settings';
      const settings = Object.keys(changes).length === 0 ? await client.get<TelemetrySettings>(path) : await client.send<TelemetrySettings>('PATCH', path, changes);
      printResult(terminal, options.json === true, settings, () => describeSettings(settings));
    });

  serviceCommand(content, 'erase', 'admin')
    .description('delete what was said in one conversation, or by and to one end user; spans, decisions and money stay')
    .option('--conversation <id>', 'the conversation')
    .option('--end-user <id>', 'the end user, with every conversation that names them')
    .option('--yes', 'do it; without it the command only says what it would delete')
    .action(async (options: ServiceOptions & { conversation?: string; endUser?: string; yes?: true }) => {
      const { conversation, endUser } = options;
      if ((conversation === undefined) === (endUser === undefined)) throw new DomainError({ kind: 'invalid', code: 'usage', message: 'Name either --conversation or --end-user' });
      const subject = conversation === undefined ? { endUserId: endUser } : { conversationId: conversation };
      const erased = await clientOf(options, terminal).send<{ id: string | null; bodies: number }>('POST', '/api/v1/telemetry/erasures', { ...subject, dryRun: options.yes !== true });
      printResult(terminal, options.json === true, erased, () => [
        erased.id === null ? `${erased.bodies} message bodies would be deleted; this cannot be undone. Add --yes to do it` : `${erased.bodies} message bodies were deleted (${erased.id}); what arrives late is deleted too`,
      ]);
    });

  serviceCommand(content, 'erasures', 'read')
    .description('every erasure, the newest first')
    .action(async (options: ServiceOptions) => {
      const result = await clientOf(options, terminal).get<{ erasures: ListedErasure[] }>('/api/v1/telemetry/erasures');
      printResult(terminal, options.json === true, result, () => describeErasures(result.erasures));
    });
}

function changesOf(options: SettingsOptions): Partial<TelemetrySettings> {
  const { keep, bytesMax, redactPattern, redactKey, contentDays, spanDays } = options;
  return {
    ...(keep !== undefined && { keepsContent: keep }),
    ...(bytesMax !== undefined && { contentBytesMax: bytesMax }),
    ...(redactPattern !== undefined && { redactPatterns: redactPattern }),
    ...(redactKey !== undefined && { redactKeys: redactKey }),
    ...(contentDays !== undefined && { contentRetentionDays: contentDays }),
    ...(spanDays !== undefined && { spanRetentionDays: spanDays }),
  };
}

function describeSettings(settings: TelemetrySettings): string[] {
  const daysOf = (days: number, otherwise: string) => (days === 0 ? otherwise : `${days} days`);
  return [
    `message bodies are ${settings.keepsContent ? `kept, up to ${settings.contentBytesMax} bytes each` : 'not kept'}`,
    `bodies are deleted after ${daysOf(settings.contentRetentionDays, 'no time of their own')}, spans after ${daysOf(settings.spanRetentionDays, 'no time: they stay')}`,
    `redacted patterns: ${settings.redactPatterns.join('  ') || 'none'}`,
    `redacted keys: ${settings.redactKeys.join('  ') || 'none'}`,
  ];
}

function describeErasures(erasures: readonly ListedErasure[]): string[] {
  if (erasures.length === 0) return ['nothing was erased'];
  const rows = erasures.map(({ id, conversationId, endUserId, requestedAt, lastDoneAt }) => [
    id,
    conversationId === null ? `end user ${endUserId ?? ''}` : `conversation ${conversationId}`,
    requestedAt,
    lastDoneAt ?? 'not yet',
  ]);
  return table([['erasure', 'of', 'asked for', 'last carried out'], ...rows]);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a whole number`);
  return Number(text);
}
