import { Body, Controller, Get, HttpStatus, Param, Put, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard, AuditLog, Caller, DomainError, NeedsScope, actorOf, type Principal } from '#platform';
import { FlagService, readRollout, RolloutStore, writeRollout, type Rollout } from '#rollouts';

/** Rollouts over REST. What GET gives under `rollout` has the fields that PUT takes, and the salt, so that assignments can be recounted. */
@Controller('/api/v1/rollouts')
@UseGuards(ApiKeyGuard)
export class RolloutsController {
  constructor(
    private readonly flags: FlagService,
    private readonly rollouts: RolloutStore,
    private readonly audit: AuditLog,
  ) {}

  /** Creates (201) or changes (200) a rollout; the same again answers `unchanged`. */
  @Put(':flagKey')
  @NeedsScope('operate')
  async put(@Caller() caller: Principal, @Param('flagKey') flagKey: string, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply) {
    const definition = readRollout(body);
    if (definition.flagKey !== flagKey) {
      throw new DomainError({
        kind: 'invalid',
        code: 'flag_key_mismatch',
        message: `The address says "${flagKey}" and the rollout says flag: "${definition.flagKey}"; they must be the same`,
      });
    }
    const { kind, rollout } = await this.flags.put(caller.organizationId, definition, caller.keyId, this.audit.by(actorOf(caller)));
    void reply.status(kind === 'created' ? HttpStatus.CREATED : HttpStatus.OK);
    return { kind, ...shown(rollout) };
  }

  @Get()
  @NeedsScope('read')
  async list(@Caller() caller: Principal) {
    return { rollouts: (await this.rollouts.list(caller.organizationId)).map(shown) };
  }

  @Get(':flagKey')
  @NeedsScope('read')
  async get(@Caller() caller: Principal, @Param('flagKey') flagKey: string) {
    return shown(await this.rollouts.get(caller.organizationId, flagKey));
  }
}

function shown(rollout: Rollout) {
  return { rollout: writeRollout(rollout), salt: rollout.salt, updatedAt: rollout.updatedAt.toISOString() };
}
