import { Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeys, AuditLog, Caller, parseInput, type Principal } from '#platform';
import { PageController } from '../shell/page-controller.js';
import { AuditPage } from './audit-page.js';

const PAGE_SIZE = 50;
const PAGE_MAX = 1_000_000;
const listSchema = z.object({ page: z.coerce.number().int().min(1).max(PAGE_MAX).default(1) });

@PageController('audit')
export class AuditPagesController {
  constructor(
    private readonly audit: AuditLog,
    private readonly keys: ApiKeys,
  ) {}

  @Get()
  async list(@Caller() { organizationId }: Principal, @Query() query: unknown) {
    const { page } = parseInput(listSchema, query, 'the address');
    const head = await this.audit.head(organizationId);
    // Sequences have no gaps: a page from the end is a range of them.
    const through = head.sequence - (page - 1) * PAGE_SIZE;
    const after = Math.max(0, through - PAGE_SIZE);
    const found = through > 0 ? await this.audit.list(organizationId, { after, limit: through - after }) : [];
    const keyNames = new Map((await this.keys.list(organizationId)).map(({ id, name }) => [id, name]));
    return <AuditPage {...{ organizationId, head, keyNames, page }} entries={found.toReversed()} hasMore={after > 0} />;
  }
}
