import type { Losses, MissingStep, RankedReason } from '#outcomes';
import { addressOf } from '../components/addresses.js';
import { formatCount, formatNoun } from '../components/figures.js';
import { Money } from '../components/money.js';
import { Table } from '../components/table.js';
import { inWords, reasonInWords } from '../components/words.js';
import { Layout } from '../shell/layout.js';

export interface LossesPageProps {
  organizationId: string;
  filter: { from: Date; to: Date; customerId: string | undefined };
  losses: Losses;
}

/** What was not paid for: why, and what would have had to be done. */
export function LossesPage({ organizationId, filter, losses }: LossesPageProps) {
  return (
    <Layout title="Losses" section="losses" organization={organizationId}>
      <p class="lead">Episodes that earned nothing, by what they would have earned: the most expensive reason first.</p>
      <Window filter={filter} />
      <h2>Why they earned nothing</h2>
      <Table
        caption="Episodes of customers that were not billed"
        rows={losses.reasons}
        empty="Every episode that ended in this window was billed, or none did. Choose another window."
        columns={[
          { header: 'Reason', cell: ({ reason }) => reasonInWords(reason) },
          { header: 'Episodes', isNumber: true, cell: ({ episodes }) => formatCount(episodes) },
          { header: 'Would have earned', isNumber: true, cell: (row) => <Known {...row} /> },
          { header: 'Known of', isNumber: true, cell: ({ listedEpisodes }) => formatNoun(listedEpisodes, 'episode') },
          { header: 'The rest, estimated', isNumber: true, cell: (row) => <Estimate {...row} /> },
        ]}
      />
      <p class="note">
        What an episode would have earned is the price of the policy that held but for the reason. The rest is estimated by what a billed episode earned on average in this
        window.
      </p>
      <h2>What people did that the agent did not</h2>
      <Table
        caption="After hand-offs that earned nothing"
        rows={losses.steps}
        empty={
          <>
            No conversation was handed over and lost in this window. What people do after a hand-off is read from signals of source <code>human</code> or <code>system</code>.
          </>
        }
        columns={[
          { header: 'Step', cell: ({ step }) => (step === null ? <span class="unknown">nothing was observed</span> : inWords(step)) },
          { header: 'Episodes', isNumber: true, cell: ({ episodes }) => formatCount(episodes) },
          { header: 'Would have earned', isNumber: true, cell: (step) => <StepLoss {...step} /> },
          { header: 'Handed over because', cell: ({ handoffReasons }) => handoffReasons.slice(0, 3).map(({ reason, count }) => `${inWords(reason) || 'no reason given'} (${formatCount(count)})`).join(', ') },
          { header: 'For example', cell: ({ examples }) => <span>{examples.slice(0, 3).map((id, index) => [index > 0 && ', ', <a class="id" href={addressOf.conversation(id)}>{id}</a>])}</span> },
        ]}
      />
      <p class="note">An episode with several steps is in each of them, so that the rows do not add up. Where nothing was observed, the reason that the agent gave says what it may lack.</p>
    </Layout>
  );
}

function Window({ filter: { from, to, customerId } }: Pick<LossesPageProps, 'filter'>) {
  const day = (at: Date) => at.toISOString().slice(0, 10);
  return (
    <form class="compare" method="get">
      <label>
        From <input type="date" name="from" value={day(from)} />
      </label>
      <label>
        Through <input type="date" name="through" value={day(new Date(to.getTime() - 1))} />
      </label>
      <label>
        Customer <input type="text" name="customer" value={customerId ?? ''} placeholder="all" />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}

function Known({ listedEpisodes, listedMicros, currency }: RankedReason) {
  return listedEpisodes === 0 ? <span class="unknown">unknown</span> : <Money amount={listedMicros} currency={currency} />;
}

function Estimate({ episodes, listedEpisodes, estimatedMicros, currency }: RankedReason) {
  if (episodes === listedEpisodes) return <>none</>;
  if (estimatedMicros === null) return <span class="unknown">unknown ({formatNoun(episodes - listedEpisodes, 'episode')})</span>;
  return (
    <span>
      about <Money amount={estimatedMicros} currency={currency} />
    </span>
  );
}

function StepLoss({ lostMicros, currency, unknownLosses, episodes }: MissingStep) {
  if (unknownLosses === episodes) return <span class="unknown">unknown</span>;
  return (
    <span>
      <Money amount={lostMicros} currency={currency} />
      {unknownLosses > 0 && <span class="unknown"> + {formatCount(unknownLosses)} unknown</span>}
    </span>
  );
}
