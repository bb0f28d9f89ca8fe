import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, StreamableFile, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, AuditLog, Caller, Clock, LOGGER, NeedsScope, canonicalJson, parseInput, type AuditHead, type Logger, type Principal } from '#platform';

const listQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  action: z.string().min(1).optional(),
  subject: z
    .string()
    .regex(/^[a-z_]+(?::.+)?$/s, 'must be a kind such as contract, or one of a kind such as contract:acme-support@1')
    .transform((text) => {
      const [kind = '', ...id] = text.split(':');
      return { kind, id: id.length > 0 ? id.join(':') : undefined };
    })
    .optional(),
});

/** Who did what, when and why, in the caller's organization. docs/audit.md says how the entries hang together. */
@Controller('api/v1/audit')
@UseGuards(ApiKeyGuard)
@NeedsScope('read')
export class AuditController {
  constructor(
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The oldest first. `next` is the `after` of the page behind this one, null on the last. */
  @Get()
  async list(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const { limit, ...wanted } = parseInput(listQuery, query, 'the query');
    const found = await this.audit.list(organizationId, { ...wanted, limit: limit + 1 });
    const entries = found.slice(0, limit);
    return { entries, next: found.length > limit ? (entries.at(-1)?.sequence ?? null) : null };
  }

  /** The latest sequence and hash, to be kept where nobody can change both; sequence 0 of an empty log. */
  @Get('head')
  head(@Caller() { organizationId }: Principal) {
    return this.audit.head(organizationId);
  }

  /**
   * Every entry until now as newline-delimited JSON, each line canonical, and at the end `{"end": {"head", "exportedAt"}}`, or `{"problem"}`
   * where it failed on the way; without either it was cut off.
   */
  @Get('export')
  async export(@Caller() { organizationId }: Principal): Promise<StreamableFile> {
    const head = await this.audit.head(organizationId);
    return new StreamableFile(Readable.from(this.#lines(organizationId, head)), { type: 'application/x-ndjson' });
  }

  async *#lines(organizationId: string, head: AuditHead): AsyncGenerator<string> {
    const exportedAt = this.clock.now().toISOString();
    try {
      for await (const entry of this.audit.read(organizationId, head.sequence)) yield `${canonicalJson(entry)}\n`;
      yield `${canonicalJson({ end: { head, exportedAt } })}\n`;
    } catch (error) {
      // The status is sent already.
      this.logger.error({ err: error }, 'an export of the audit log failed on the way');
      yield `${canonicalJson({ problem: { code: 'internal', detail: 'Something went wrong here; the log of the server says what' } })}\n`;
    }
  }
}
