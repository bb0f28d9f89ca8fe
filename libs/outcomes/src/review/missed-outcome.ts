/** The id of the question that is asked of decisions that bill nothing. */
export const MISSED_OUTCOME = 'missed_outcome';
/** What it is answered with besides the outcomes of a contract, none of which may be called so. */
export const NOTHING_MISSED = 'none';
export const UNSURE = 'unsure';
