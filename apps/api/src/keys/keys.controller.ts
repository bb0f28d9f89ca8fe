import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiKeyGuard, ApiKeys, AuditLog, Caller, NeedsScope, actorOf, parseInput, scopes, type Principal } from '#platform';
import { reasonBody } from '../audit/reason-body.js';

const keyBody = z.strictObject({
  name: z.string().trim().min(1, 'must say what the key is for').max(200),
  scopes: z
    .array(z.enum(scopes))
    .min(1, `must name at least one of ${scopes.join(', ')}`)
    .transform((named) => scopes.filter((scope) => named.includes(scope))),
});

/**
 * The keys of the caller's organization. Nobody hands out more than they have: all of it needs `admin`, which includes every scope. If a
 * lesser scope is ever let in here, what it grants must be held against the caller's own scopes.
 */
@Controller('api/v1/keys')
@UseGuards(ApiKeyGuard)
@NeedsScope('admin')
export class KeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly audit: AuditLog,
  ) {}

  /** 201 with the secret, which is shown this once. Each request makes another key. */
  @Post()
  @Header('cache-control', 'no-store')
  async create(@Caller() caller: Principal, @Body() body: unknown) {
    const { name, scopes: granted } = parseInput(keyBody, body, 'the key request');
    const { id, secret } = await this.keys.create(caller.organizationId, name, granted, this.audit.by(actorOf(caller)));
    return { id, name, scopes: granted, secret };
  }

  /** With those that were revoked, the oldest first. No secrets. */
  @Get()
  async list(@Caller() caller: Principal) {
    return { keys: await this.keys.list(caller.organizationId) };
  }

  /** 204, also when it was revoked before; a body may say why, `{"reason"}`. 404 `api_key_not_found`. */
  @Delete(':id')
  @HttpCode(204)
  async revoke(@Caller() caller: Principal, @Param('id') id: string, @Body() body: unknown): Promise<void> {
    const given = parseInput(reasonBody, body, 'the revocation');
    await this.keys.revoke(caller.organizationId, id, this.audit.by(actorOf(caller), given?.reason));
  }
}
