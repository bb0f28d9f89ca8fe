import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { Runs, runPlanSchema, runSettingsSchema, trialSchema } from '#evals';
import { ApiKeyGuard, Caller, NeedsScope, parseInput, type Principal } from '#platform';

const RUNS_MAX = 500;

const suiteBody = z.object({ source: z.string().min(1) });
const runBody = runPlanSchema.extend({ settings: runSettingsSchema });
const trialNumber = z.coerce.number().int().nonnegative();
const listQuery = z.object({ limit: z.coerce.number().int().positive().max(RUNS_MAX).default(50) });
const comparisonQuery = z.object({ base: z.string().min(1), candidate: z.string().min(1) });

/** Suites and runs: what a runner sends, and what became of it. Every write may be repeated. */
@Controller('api/v1')
@UseGuards(ApiKeyGuard)
export class EvalsController {
  constructor(private readonly runs: Runs) {}

  @Put('suites/:sha256')
  @NeedsScope('operate')
  putSuite(@Caller() caller: Principal, @Param('sha256') sha256: string, @Body() body: unknown) {
    return this.runs.putSuite(caller.organizationId, sha256, parseInput(suiteBody, body, 'the suite').source);
  }

  @Put('runs/:id')
  @NeedsScope('operate')
  putRun(@Caller() caller: Principal, @Param('id') id: string, @Body() body: unknown) {
    return this.runs.putRun(caller.organizationId, { id, ...parseInput(runBody, body, 'the run') });
  }

  @Put('runs/:id/trials/:scenario/:trial')
  @NeedsScope('operate')
  putTrial(@Caller() caller: Principal, @Param() place: { id: string; scenario: string; trial: string }, @Body() body: unknown) {
    const trial = parseInput(trialNumber, place.trial, 'the number of the trial');
    const sent = typeof body === 'object' && body !== null ? body : {};
    return this.runs.putTrial(caller.organizationId, place.id, parseInput(trialSchema, { ...sent, scenarioId: place.scenario, trial }, 'the trial'));
  }

  @Post('runs/:id/finish')
  @HttpCode(200)
  @NeedsScope('operate')
  finish(@Caller() caller: Principal, @Param('id') id: string) {
    return this.runs.finish(caller.organizationId, id);
  }

  @Get('runs')
  @NeedsScope('read')
  async list(@Caller() caller: Principal, @Query() query: unknown) {
    return { runs: await this.runs.list(caller.organizationId, parseInput(listQuery, query, 'the query').limit) };
  }

  @Get('runs/:id')
  @NeedsScope('read')
  get(@Caller() caller: Principal, @Param('id') id: string) {
    return this.runs.get(caller.organizationId, id);
  }

  @Get('comparisons')
  @NeedsScope('read')
  compare(@Caller() caller: Principal, @Query() query: unknown) {
    const { base, candidate } = parseInput(comparisonQuery, query, 'the query');
    return this.runs.compare(caller.organizationId, base, candidate);
  }
}
