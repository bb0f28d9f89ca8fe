/** Names that code and tables use, as a person would say them: `customer_confirmed` is "customer confirmed". */
export function inWords(name: string): string {
  return name.replaceAll('_', ' ');
}

const REASONS: Record<string, string> = {
  policy_held: 'a policy of the contract held',
  no_policy_held: 'no policy of the contract held',
  test_traffic: 'a test or a simulation: never billed',
  episode_merged: 'a late turn joined it to the episode before, which is decided as one',
  no_contract: 'no active contract covers this customer and agent',
  outside_contract_dates: 'it ended outside the dates that the contract covers',
  pilot: 'outcomes are free until the pilot ends',
  reopened: 'the end user came back, which takes back what was only assumed',
  charged_already: 'an earlier part of the conversation is billed, and the contract charges a conversation once',
  value_unknown: 'its value is not known, or is no amount',
  grade_not_priced: 'the contract has no price for evidence of this grade',
};

/** Why a decision came out as it did. What is not one of the fixed reasons is the name of the exclusion that held. */
export function reasonInWords(reason: string): string {
  return REASONS[reason] ?? `excluded by the contract: ${inWords(reason)}`;
}

/** `policies.0.when` is "policy 1, when": people count from one. */
export function placeInWords(at: string): string {
  const [, list = '', index = '', part = ''] = /^(policies|exclusions)\.(\d+)\.(\w+)$/.exec(at) ?? [];
  if (list === '') return at;
  return `${list === 'policies' ? 'policy' : 'exclusion'} ${Number(index) + 1}, ${part}`;
}
