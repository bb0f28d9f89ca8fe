import { Body, Controller, Headers, HttpCode, Param, Post, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard, Caller, canonicalJson, NeedsScope, sha256Hex, type Principal } from '#platform';
import { FlagService, type FlagEvaluation } from '#rollouts';
import { readEvaluationContext } from './evaluation-request.js';
import { OfrepErrorFilter } from './ofrep-error.filter.js';

/** Where OFREP lives on every server that speaks it. */
export const OFREP_PATH = '/ofrep/v1/evaluate/flags';

/**
 * OpenFeature's remote evaluation protocol, OFREP 0.3.0. The scope is `ingest`: whoever asks is an agent, and the key it already holds for
 * its traces is enough. An evaluation shows the configuration meant for that agent and none of the organization's data, so `read` is not
 * needed; and a key that only reads is refused.
 */
@Controller(OFREP_PATH)
@UseGuards(ApiKeyGuard)
@UseFilters(OfrepErrorFilter)
@NeedsScope('ingest')
export class OfrepController {
  constructor(private readonly flags: FlagService) {}

  @Post(':key')
  @HttpCode(200)
  async evaluate(@Caller() caller: Principal, @Param('key') key: string, @Body() body: unknown) {
    return ofrepFlag(await this.flags.evaluate(caller.organizationId, key, readEvaluationContext(body)));
  }

  /** Every flag at once. The ETag is a function of the context and the evaluated flags; a client that has them is answered 304. */
  @Post()
  @HttpCode(200)
  async evaluateAll(
    @Caller() caller: Principal,
    @Body() body: unknown,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const context = readEvaluationContext(body);
    const flags = (await this.flags.evaluateAll(caller.organizationId, context)).map(ofrepFlag);
    const etag = `"${sha256Hex(canonicalJson([context, flags]))}"`;
    void reply.header('etag', etag);
    if (matches(ifNoneMatch, etag)) {
      void reply.status(304);
      return;
    }
    // `flagSetId` is the name OpenFeature gives it in telemetry (specification, appendix D: feature_flag.set.id).
    return { flags, metadata: { flagSetId: caller.organizationId } };
  }
}

function ofrepFlag({ flagKey: key, value, reason, variant, flagMetadata: metadata }: FlagEvaluation) {
  return { key, value, reason, variant, metadata };
}

// RFC 9110, 13.1.2: a list, compared weakly; a proxy that compresses the answer makes the tag weak.
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}
