/**
 * Exclusions that contracts of this field have in common. A contract that lists one by its name means exactly this expression: what a version
 * says must not change after it was signed, so that none of them is ever edited. A better one gets a new name.
 */
export const STANDARD_EXCLUSIONS = {
  /** The agent gave the conversation to a person. */
  handed_over: { title: 'Handed over to a person', when: 'handed_off' },
  /** A person took part, whether or not the agent gave it away. */
  human_touched: { title: 'A person took part', when: 'human_involved' },
  /** The customer asked for a person, whether or not one came. */
  asked_for_person: { title: 'The customer asked for a person', when: 'asked_for_person' },
  /** The last rating of the customer is 1 or 2 of 5. */
  negative_rating: { title: 'A rating of 1 or 2', when: 'csat != null && csat <= 2' },
  /** Nothing was asked for: one turn in which no tool was called, no signal observed and nothing confirmed. */
  greeting_only: { title: 'Nothing but a greeting', when: 'turns <= 1 && size(tool_calls) == 0 && size(signals) == 0 && !confirmed' },
  spam_or_bot: { title: 'Spam, or a bot', when: 'is_spam' },
  internal_user: { title: 'Somebody of the customer itself', when: 'is_internal_user' },
  abuse: { title: 'Abuse', when: 'is_abuse' },
  duplicate_contact: { title: 'The same contact as another conversation', when: 'is_duplicate_contact' },
} as const satisfies Record<string, { title: string; when: string }>;

export type StandardExclusion = keyof typeof STANDARD_EXCLUSIONS;

export const standardExclusions = Object.keys(STANDARD_EXCLUSIONS) as StandardExclusion[];
