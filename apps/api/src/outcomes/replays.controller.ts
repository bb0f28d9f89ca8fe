import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Param, Post, StreamableFile, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ContractStore, contractVersionNumber, ReplayService, ReplayStore, readContract, type Contract } from '#outcomes';
import { ApiKeyGuard, AuditLog, Caller, DomainError, NeedsScope, actorOf, messageOf, parseInput, toWire, type Principal } from '#platform';

const version = z.object({ id: z.string().min(1), version: contractVersionNumber });
const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-01T00:00:00Z' }).transform((text) => new Date(text));
const replayBody = z
  .object({
    source: z.string().min(1, 'must be the text of a contract file').optional(),
    fileName: z.string().min(1).default('contract'),
    contract: version.optional(),
    against: version.optional(),
    from: time,
    to: time,
    sample: z.number().int().min(0).max(1000).default(20),
  })
  .refine(({ source, contract }) => (source === undefined) !== (contract === undefined), 'must have either "source", a contract file, or "contract", a version that was applied');
const signOffBody = z.object({ note: z.string().trim().min(1, 'must say what was looked at, and why it is right').max(2000) });

/** What a contract would have decided about the past. */
@Controller('api/v1/contracts/replays')
@UseGuards(ApiKeyGuard)
export class ReplaysController {
  constructor(
    private readonly contracts: ContractStore,
    private readonly service: ReplayService,
    private readonly replays: ReplayStore,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Newline-delimited JSON, as it goes on: `{"progress": {"done", "total"}}`, and at the end `{"replay"}`, or `{"problem"}` where it failed on
   * the way. 400 `invalid_contract`, `invalid_window`; 404 `contract_not_found`.
   */
  @Post()
  @HttpCode(200)
  @NeedsScope('operate')
  async replay(@Caller() caller: Principal, @Body() body: unknown): Promise<StreamableFile> {
    const { source, fileName, contract, against, from, to, sample } = parseInput(replayBody, body, 'the replay request');
    const draft = source === undefined ? await this.#applied(caller.organizationId, contract) : readContract(source, fileName);
    const steps = this.service.run(caller.organizationId, { draft, against, window: { from, to }, sampleSize: sample, requestedBy: caller.keyId });
    // What is wrong with the request shows at its first step, while it can still be answered with a status.
    const first = await steps.next();
    return new StreamableFile(Readable.from(linesOf(first, steps)), { type: 'application/x-ndjson' });
  }

  @Get(':id')
  @NeedsScope('read')
  async read(@Caller() caller: Principal, @Param('id') id: string) {
    return toWire(await this.replays.read(caller.organizationId, id));
  }

  /** Records that somebody looked at it and agrees; may be said by several. 404 `replay_not_found`. */
  @Post(':id/sign-offs')
  @HttpCode(200)
  @NeedsScope('operate')
  async signOff(@Caller() caller: Principal, @Param('id') id: string, @Body() body: unknown) {
    const { note } = parseInput(signOffBody, body, 'the sign-off');
    return toWire(await this.replays.signOff(caller.organizationId, id, { note, signedBy: caller.keyId }, this.audit.by(actorOf(caller), note)));
  }

  async #applied(organizationId: string, wanted: { id: string; version: number } | undefined): Promise<Contract> {
    return (await this.contracts.read(organizationId, wanted?.id ?? '', wanted?.version ?? 0)).contract;
  }
}

async function* linesOf(first: Step, steps: ReturnType<ReplayService['run']>): AsyncGenerator<string> {
  try {
    let step = first;
    for (; step.done !== true; step = await steps.next()) yield `${JSON.stringify({ progress: step.value })}\n`;
    yield `${JSON.stringify({ replay: toWire(step.value) })}\n`;
  } catch (error) {
    const { code, message } = error instanceof DomainError ? error : { code: 'internal', message: messageOf(error) };
    yield `${JSON.stringify({ problem: { code, detail: message } })}\n`;
  }
}

type Step = Awaited<ReturnType<ReturnType<ReplayService['run']>['next']>>;
