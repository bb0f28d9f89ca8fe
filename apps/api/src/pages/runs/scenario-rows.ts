import type { RunComparison, Trial } from '#evals';

export interface PlayedTrial {
  number: number;
  status: Trial['status'];
  conversationId: string;
}

/** One scenario in both runs. A run that did not play it has no trials here. */
export interface ScenarioRow {
  scenarioId: string;
  base: PlayedTrial[];
  candidate: PlayedTrial[];
}

export function scenarioRows(base: readonly Trial[], candidate: readonly Trial[]): ScenarioRow[] {
  const [baseOf, candidateOf] = [byScenario(base), byScenario(candidate)];
  const ids = [...new Set([...baseOf.keys(), ...candidateOf.keys()])].sort();
  return ids.map((scenarioId) => ({ scenarioId, base: baseOf.get(scenarioId) ?? [], candidate: candidateOf.get(scenarioId) ?? [] }));
}

/** What broke before what was fixed: that is what a reader must not miss. */
export function regressionsFirst(flips: RunComparison['flips']): RunComparison['flips'] {
  return [...flips].sort((a, b) => Number(a.to === 'pass') - Number(b.to === 'pass'));
}

function byScenario(trials: readonly Trial[]): Map<string, PlayedTrial[]> {
  const played = trials.map(({ scenarioId, trial, status, conversationId }) => ({ scenarioId, number: trial, status, conversationId }));
  return new Map([...Map.groupBy(played, (trial) => trial.scenarioId)].map(([id, ofScenario]) => [id, ofScenario.map(({ scenarioId: _, ...trial }) => trial)]));
}
