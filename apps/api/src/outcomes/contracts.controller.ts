import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ContractStore, contractVersionNumber, diffContracts, readContract, ShadowService, ShadowStore, summarizeContract, type Contract } from '#outcomes';
import { ApiKeyGuard, AuditLog, CONFIG, Caller, NeedsScope, actorOf, parseInput, toWire, type Config, type Principal } from '#platform';
import { reasonBody, reasonText } from '../audit/reason-body.js';

const source = z.string().min(1, 'must be the text of a contract file');
const contractFile = z.object({ source, fileName: z.string().min(1).default('contract') });
/** As JSON, with a name for messages; or the file itself. */
const contractBody = z.union([contractFile, source.transform((text) => ({ source: text, fileName: 'contract' }))], {
  error: 'must be a contract file as text/yaml, or JSON such as {"source": "contract: ..."}',
});
const versionNumber = z.coerce.number().pipe(contractVersionNumber);
const contractOrFile = z.union([z.object({ id: z.string(), version: contractVersionNumber }), contractFile], { error: 'must be a version such as {"id": "acme-support", "version": 1}, or a file such as {"source": "contract: ..."}' });
const diffBody = z.object({ before: contractOrFile, after: contractOrFile });
const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-01T00:00:00Z' }).transform((text) => new Date(text));
const shadowBody = z.object({ isOn: z.boolean(), reason: reasonText.optional() });
const shadowQuery = z.object({ from: time, to: time, sample: z.coerce.number().int().min(0).max(1000).default(20) });

/** Contracts and their versions. Applying and activating may be repeated; checking and comparing store nothing. */
@Controller('api/v1/contracts')
@UseGuards(ApiKeyGuard)
export class ContractsController {
  constructor(
    private readonly contracts: ContractStore,
    private readonly shadows: ShadowStore,
    private readonly shadowing: ShadowService,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Stores a contract file as a draft. 400 `invalid_contract` by line, 409 `contract_version_immutable`, `contract_of_other_customer`. */
  @Post()
  @HttpCode(200)
  @NeedsScope('operate')
  async apply(@Caller() caller: Principal, @Body() body: unknown) {
    const { source, fileName } = parseInput(contractBody, body, 'the contract request');
    const { contract, status } = await this.contracts.apply(caller.organizationId, source, fileName, this.audit.by(actorOf(caller)));
    return { id: contract.id, version: contract.version, customerId: contract.customer.id, status };
  }

  /** What a contract file says, where it is right. 400 `invalid_contract` by line. */
  @Post('check')
  @HttpCode(200)
  @NeedsScope('read')
  check(@Body() body: unknown) {
    const { source, fileName } = parseInput(contractBody, body, 'the contract request');
    return summarizeContract(readContract(source, fileName));
  }

  /** What changes from one to the other, term by term; each a version or a file. 400 `invalid_contract`, 404 `contract_not_found`. */
  @Post('diff')
  @HttpCode(200)
  @NeedsScope('read')
  async diff(@Caller() caller: Principal, @Body() body: unknown) {
    const { before, after } = parseInput(diffBody, body, 'the comparison');
    const [was, is] = [await this.#contractOf(caller, before), await this.#contractOf(caller, after)];
    return { before: { id: was.id, version: was.version }, after: { id: is.id, version: is.version }, changes: diffContracts(was, is) };
  }

  /** What a version says, and the file as it was applied. 404 `contract_not_found`. */
  @Get(':id/versions/:version')
  @NeedsScope('read')
  async show(@Caller() caller: Principal, @Param('id') id: string, @Param('version') version: string) {
    const { contract, status } = await this.contracts.read(caller.organizationId, id, parseInput(versionNumber, version, 'the version'));
    return { ...summarizeContract(contract), status, source: contract.source };
  }

  /** Makes a version the one that decides; a body may say why, `{"reason"}`. 404 `contract_not_found`, 409 `contract_overlaps`, `customer_time_zone_differs`, `sign_off_missing`. */
  @Post(':id/versions/:version/activate')
  @HttpCode(200)
  @NeedsScope('operate')
  async activate(@Caller() caller: Principal, @Param('id') id: string, @Param('version') version: string, @Body() body: unknown) {
    const number = parseInput(versionNumber, version, 'the version');
    const audit = this.audit.by(actorOf(caller), parseInput(reasonBody, body, 'the activation')?.reason);
    await this.contracts.activate(caller.organizationId, id, number, { needsSignOff: this.config.ACTIVATION_NEEDS_SIGN_OFF, audit });
    return { id, version: number, status: 'active' };
  }

  /** Lets a version decide beside the active ones, for nothing, or no longer. 404 `contract_not_found`. */
  @Put(':id/versions/:version/shadow')
  @NeedsScope('operate')
  async shadow(@Caller() caller: Principal, @Param('id') id: string, @Param('version') version: string, @Body() body: unknown) {
    const named = { id, version: parseInput(versionNumber, version, 'the version') };
    const { isOn, reason } = parseInput(shadowBody, body, 'the shadow request');
    return toWire({ ...named, ...(await this.shadows.set(caller.organizationId, named, isOn, this.audit.by(actorOf(caller), reason))) });
  }

  /** What it decided of episodes that ended in the window, beside what was decided. 404 `contract_not_found`. */
  @Get(':id/versions/:version/shadow')
  @NeedsScope('read')
  async shadowReport(@Caller() caller: Principal, @Param('id') id: string, @Param('version') version: string, @Query() query: unknown) {
    const { from, to, sample } = parseInput(shadowQuery, query, 'the query');
    return toWire(await this.shadowing.report(caller.organizationId, { id, version: parseInput(versionNumber, version, 'the version') }, { from, to }, sample));
  }

  @Get()
  @NeedsScope('read')
  async list(@Caller() caller: Principal) {
    return { contracts: await this.contracts.list(caller.organizationId) };
  }

  async #contractOf(caller: Principal, named: z.infer<typeof contractOrFile>): Promise<Contract> {
    if ('source' in named) return readContract(named.source, named.fileName);
    return (await this.contracts.read(caller.organizationId, named.id, named.version)).contract;
  }
}
