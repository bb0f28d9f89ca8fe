import type { AuditEntry, AuditHead } from '#platform';
import { addressOf } from '../components/addresses.js';
import { formatCount, formatNoun } from '../components/figures.js';
import { Instant } from '../components/instant.js';
import { Table } from '../components/table.js';
import { inWords } from '../components/words.js';
import { Layout } from '../shell/layout.js';
import { fieldChanges, type FieldChange } from './field-changes.js';

export interface AuditPageProps {
  organizationId: string;
  /** The newest first. */
  entries: readonly AuditEntry[];
  head: AuditHead;
  /** Names of keys by id: the log has the ids. */
  keyNames: ReadonlyMap<string, string>;
  /** From 1. */
  page: number;
  hasMore: boolean;
}

export function AuditPage({ organizationId, entries, head, keyNames, page, hasMore }: AuditPageProps) {
  return (
    <Layout title={page === 1 ? 'Audit' : `Audit, page ${page}`} heading={page === 1 ? 'Who did what, when and why' : undefined} section="audit" organization={organizationId}>
      {head.sequence > 0 && <Head {...head} />}
      {page > 1 && entries.length === 0 ? (
        <p class="empty">
          There is no page {page}. Go to the <a href={addressOf.audit(1)}>first</a>.
        </p>
      ) : (
        <Table
          caption="What changes what is decided or billed, or who may do it; the newest first"
          rows={entries}
          anchorOf={({ sequence }) => `entry-${sequence}`}
          empty="Nothing is written down yet. Keys, contracts, rollouts, reviews and settings leave an entry when they change."
          columns={[
            { header: 'Entry', cell: ({ sequence }) => formatCount(sequence) },
            { header: 'When', cell: ({ at }) => <Instant at={new Date(at)} /> },
            { header: 'Who', cell: ({ actor }) => <span class="span-name">{actor.kind === 'key' ? `key ${keyNames.get(actor.id) ?? actor.id}` : `${actor.kind} ${actor.id}`}</span> },
            { header: 'What', cell: (entry) => <What {...entry} /> },
            { header: 'Subject', cell: ({ subject }) => <span class="span-name">{`${inWords(subject.kind)} ${subject.id}`}</span> },
            { header: 'Reason', cell: ({ reason }) => <span class="span-name">{reason ?? ''}</span> },
          ]}
        />
      )}
      {(page > 1 || hasMore) && (
        <nav class="pager" aria-label="Pages of the log">
          {page > 1 && (
            <a href={addressOf.audit(page - 1)} rel="prev">
              Newer
            </a>
          )}
          {hasMore && (
            <a href={addressOf.audit(page + 1)} rel="next">
              Older
            </a>
          )}
        </nav>
      )}
    </Layout>
  );
}

function Head({ sequence, sha256 }: AuditHead) {
  return (
    <p class="note">
      Head <code class="span-name">{`${sequence}:${sha256}`}</code> stands for all {formatNoun(sequence, 'entry', 'entries')}. Kept elsewhere, it shows that none was changed: <code>npx astrolabe audit verify --head HEAD</code>
    </p>
  );
}

function What({ action, before, after }: Pick<AuditEntry, 'action' | 'before' | 'after'>) {
  const changes = fieldChanges(before, after);
  const what = inWords(action.replace('.', ' '));
  if (changes.length === 0) return <span>{what}</span>;
  return (
    <details>
      <summary>{what}</summary>
      <ul class="plain parts">
        {changes.map((change) => (
          <li>
            {change.name}: {inOneLine(change)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function inOneLine({ was, is }: FieldChange): string {
  if (was === undefined) return is ?? '';
  if (is === undefined) return `was ${was}`;
  return was === is ? is : `was ${was}, is ${is}`;
}
