import { Body, Controller, Get, HttpCode, Patch, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, AuditLog, Caller, NeedsScope, actorOf, parseInput, type Principal } from '#platform';
import { reasonText } from '../audit/reason-body.js';
import { ContentErasures, TelemetrySettingsService, type ErasureSubject } from '#traces';

const DAYS_MAX = 65_535;
const LIST_MAX = 100;
const days = z.number().int().min(0).max(DAYS_MAX);

const settingsBody = z.strictObject({
  keepsContent: z.boolean().optional(),
  contentBytesMax: z.number().int().min(1).max(10_485_760).optional(),
  redactPatterns: z.array(z.string().min(1).max(1000)).max(LIST_MAX).optional(),
  redactKeys: z.array(z.string().min(1).max(200)).max(LIST_MAX).optional(),
  contentRetentionDays: days.optional(),
  spanRetentionDays: days.optional(),
  reason: reasonText.optional(),
});

const erasureBody = z
  .strictObject({ conversationId: z.string().min(1).optional(), endUserId: z.string().min(1).optional(), dryRun: z.boolean().default(false), reason: reasonText.optional() })
  .refine((body) => (body.conversationId === undefined) !== (body.endUserId === undefined), { message: 'name either conversationId or endUserId' });

/** What is kept of what the caller's organization sends, for how long, and the erasure of what was said. */
@Controller('api/v1/telemetry')
@UseGuards(ApiKeyGuard)
export class TelemetryController {
  constructor(
    private readonly settings: TelemetrySettingsService,
    private readonly erasures: ContentErasures,
    private readonly audit: AuditLog,
  ) {}

  @Get('settings')
  @NeedsScope('read')
  readSettings(@Caller() caller: Principal) {
    return this.settings.read(caller.organizationId);
  }

  /** Changes what is named and answers with all of it. Receivers take it over within ten seconds. */
  @Patch('settings')
  @NeedsScope('admin')
  async changeSettings(@Caller() caller: Principal, @Body() body: unknown) {
    const { reason, ...given } = parseInput(settingsBody, body, 'the settings');
    const named = Object.entries(given).filter(([, value]) => value !== undefined);
    await this.settings.write(caller.organizationId, { ...(await this.settings.read(caller.organizationId)), ...Object.fromEntries(named) }, this.audit.by(actorOf(caller), reason));
    return this.settings.read(caller.organizationId);
  }

  @Get('erasures')
  @NeedsScope('read')
  async listErasures(@Caller() caller: Principal) {
    return { erasures: await this.erasures.list(caller.organizationId) };
  }

  /** Answers when the bodies are gone; with `dryRun` only how many there are. */
  @Post('erasures')
  @HttpCode(200)
  @NeedsScope('admin')
  async erase(@Caller() caller: Principal, @Body() body: unknown) {
    const { conversationId, endUserId, dryRun, reason } = parseInput(erasureBody, body, 'the erasure');
    const subject: ErasureSubject = conversationId === undefined ? { endUserId: endUserId ?? '' } : { conversationId };
    if (dryRun) return { id: null, bodies: await this.erasures.preview(caller.organizationId, subject) };
    return this.erasures.erase(caller.organizationId, subject, caller.keyId, this.audit.by(actorOf(caller), reason));
  }
}
