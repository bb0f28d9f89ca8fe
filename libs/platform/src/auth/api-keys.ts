import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Audit, AuditChange } from '../audit/audit-log.js';
import { Clock } from '../clock.js';
import { DomainError } from '../errors.js';
import { randomId, sha256Hex } from '../ids.js';
import { Postgres } from '../postgres/open-postgres.js';

/** What a key may do: send traces; read; change contracts, rollouts and runs; everything, with keys. `admin` includes all. */
export const scopes = ['ingest', 'read', 'operate', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Who calls, as far as it matters: which organization's data, and what may be done to it. */
export interface Principal {
  organizationId: string;
  keyId: string;
  scopes: readonly Scope[];
}

/** A key as it may be shown: what it is called and may do, never its secret, which nobody knows but who was given it. */
export interface ApiKeyRecord {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  revokedAt: Date | null;
}

const CACHE_MS = 10_000;
const CACHE_ENTRIES_MAX = 10_000;

/** API keys, stored as SHA-256 of 256 random bits. A revoked key stops working at once in the process that revoked it, elsewhere within ten seconds. */
@Injectable()
export class ApiKeys {
  readonly #cache = new Map<string, { principal: Principal; readAtMs: number }>();
  #revocations = 0;

  constructor(
    private readonly db: Postgres,
    private readonly clock: Clock,
  ) {}

  static newSecret(): string {
    return `astk_${randomBytes(32).toString('hex')}`;
  }

  /** Makes sure that an organization exists and has this key. Safe to repeat. */
  async ensure(organizationId: string, name: string, secret: string, granted: readonly Scope[], audit?: Audit): Promise<void> {
    const now = this.clock.now();
    await this.db.transaction().execute(async (tx) => {
      await tx.insertInto('organizations').values({ id: organizationId, name: organizationId, createdAt: now }).onConflict((c) => c.doNothing()).execute();
      const made = await tx
        .insertInto('apiKeys')
        .values({ id: randomId('key'), organizationId, name, scopes: [...granted], secretSha256: sha256Hex(secret), createdAt: now })
        .onConflict((conflict) => conflict.column('secretSha256').doNothing())
        .returning('id')
        .executeTakeFirst();
      if (made) await audit?.record(tx, created(organizationId, made.id, name, granted));
    });
  }

  /** A new key of an organization that exists. Its secret is in this answer and nowhere else. */
  async create(organizationId: string, name: string, granted: readonly Scope[], audit?: Audit): Promise<{ id: string; secret: string }> {
    const [id, secret] = [randomId('key'), ApiKeys.newSecret()];
    const row = { id, organizationId, name, scopes: [...granted], secretSha256: sha256Hex(secret), createdAt: this.clock.now() };
    await this.db.transaction().execute(async (tx) => {
      await tx.insertInto('apiKeys').values(row).execute();
      await audit?.record(tx, created(organizationId, id, name, granted));
    });
    return { id, secret };
  }

  /** Every key that the organization ever had, the oldest first. */
  async list(organizationId: string): Promise<ApiKeyRecord[]> {
    const columns = ['id', 'name', 'scopes', 'createdAt', 'revokedAt'] as const;
    const rows = await this.db.selectFrom('apiKeys').select(columns).where('organizationId', '=', organizationId).orderBy('createdAt').orderBy('id').execute();
    return rows.map((row) => ({ ...row, scopes: row.scopes as Scope[] }));
  }

  /** What a key is called; its id where the organization has no such key. */
  async nameOf(organizationId: string, id: string): Promise<string> {
    const row = await this.db.selectFrom('apiKeys').select('name').where('organizationId', '=', organizationId).where('id', '=', id).executeTakeFirst();
    return row?.name ?? id;
  }

  /** Safe to repeat; the first time is the one that is kept. @throws DomainError `api_key_not_found` when the organization has no such key */
  async revoke(organizationId: string, id: string, audit?: Audit): Promise<void> {
    const row = await this.db.transaction().execute(async (tx) => {
      const held = await tx.selectFrom('apiKeys').select(['name', 'scopes', 'secretSha256', 'revokedAt']).where('organizationId', '=', organizationId).where('id', '=', id).forUpdate().executeTakeFirst();
      if (held?.revokedAt !== null) return held;
      const [revokedAt, named] = [this.clock.now(), { name: held.name, scopes: held.scopes }];
      await tx.updateTable('apiKeys').set({ revokedAt }).where('organizationId', '=', organizationId).where('id', '=', id).execute();
      await audit?.record(tx, { organizationId, action: 'api_key.revoked', subject: { kind: 'api_key', id }, before: { ...named, revokedAt: null }, after: { ...named, revokedAt } });
      return held;
    });
    if (!row) throw new DomainError({ kind: 'not_found', code: 'api_key_not_found', message: `There is no API key ${id}: GET /api/v1/keys lists those of this organization` });
    this.#revocations += 1;
    this.#cache.delete(row.secretSha256);
  }

  async hasAny(organizationId: string): Promise<boolean> {
    const row = await this.db.selectFrom('apiKeys').select('id').where('organizationId', '=', organizationId).where('revokedAt', 'is', null).limit(1).executeTakeFirst();
    return row !== undefined;
  }

  /** @throws DomainError `missing_api_key`, `unknown_api_key` or `scope_missing` */
  async authenticate(secret: string | undefined, needed: Scope): Promise<Principal> {
    if (!secret) {
      throw new DomainError({ kind: 'unauthenticated', code: 'missing_api_key', message: 'An API key is needed: send "Authorization: Bearer astk_..."' });
    }
    const principal = await this.#lookUp(secret);
    if (!principal) {
      throw new DomainError({ kind: 'unauthenticated', code: 'unknown_api_key', message: 'This API key is not known or was revoked: check that it is whole and belongs to this server' });
    }
    if (!principal.scopes.includes(needed) && !principal.scopes.includes('admin')) {
      throw new DomainError({
        kind: 'forbidden',
        code: 'scope_missing',
        message: `This API key has the scopes ${principal.scopes.join(', ')}; "${needed}" is needed here`,
      });
    }
    return principal;
  }

  async #lookUp(secret: string): Promise<Principal | undefined> {
    const nowMs = this.clock.now().getTime();
    const secretSha256 = sha256Hex(secret);
    const cached = this.#cache.get(secretSha256);
    if (cached && nowMs - cached.readAtMs < CACHE_MS) return cached.principal;
    const revocationsBefore = this.#revocations;
    const row = await this.db
      .selectFrom('apiKeys')
      .select(['id', 'organizationId', 'scopes'])
      .where('secretSha256', '=', secretSha256)
      .where('revokedAt', 'is', null)
      .executeTakeFirst();
    if (!row) {
      this.#cache.delete(secretSha256);
      return undefined;
    }
    if (this.#cache.size >= CACHE_ENTRIES_MAX) this.#cache.clear();
    const principal = { organizationId: row.organizationId, keyId: row.id, scopes: row.scopes as Scope[] };
    // A row that was read before a revocation may be the revoked one: it answers this request and is not kept.
    if (this.#revocations === revocationsBefore) this.#cache.set(secretSha256, { principal, readAtMs: nowMs });
    return principal;
  }
}

function created(organizationId: string, id: string, name: string, granted: readonly Scope[]): AuditChange {
  return { organizationId, action: 'api_key.created', subject: { kind: 'api_key', id }, after: { name, scopes: granted } };
}
