import { strictKeys } from '#platform';
import { z } from 'zod';

/** Ids go into URLs and derived ids as they are. */
const scenarioId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be 1 to 100 of A-Z, a-z, 0-9, ".", "_" and "-", and start with a letter or digit');
const text = z.string().refine((value) => value.trim() !== '', 'must say something');
const anObject = z.record(z.string(), z.unknown());

const tool = z
  .union([text, strictKeys({ name: text, arguments: anObject.optional() })], { error: 'must be the name of a tool, or { name, arguments } with the arguments that matter' })
  .transform((value): ToolExpectation => (typeof value === 'string' ? { name: value, arguments: {} } : { name: value.name, arguments: value.arguments ?? {} }));

const expectation = strictKeys({
  state: anObject.optional(),
  state_exactly: anObject.optional(),
  tools: strictKeys({ required: z.array(tool).default([]), forbidden: z.array(tool).default([]), order: z.array(text).default([]) }).optional(),
  said: z.array(text).default([]),
  never_said: z.array(text).default([]),
  turns_max: z.int().positive().optional(),
})
  .refine(isDemanding, 'must expect something: state, state_exactly, tools, said, never_said or turns_max')
  .transform((written) => ({
    state: written.state,
    stateExactly: written.state_exactly,
    tools: written.tools ?? { required: [], forbidden: [], order: [] },
    said: written.said,
    neverSaid: written.never_said,
    turnsMax: written.turns_max,
  }));

const scenario = strictKeys({
  id: scenarioId,
  title: text.optional(),
  locale: text.optional(),
  channel: text.optional(),
  tags: z.array(text).default([]),
  critical: z.boolean().default(false),
  initial_state: anObject.optional(),
  script: z.array(text).min(1, 'must hold at least one message of the customer'),
  expect: expectation,
}).transform(({ initial_state: initialState, ...rest }) => ({ ...rest, initialState }));

/** What a suite file may say, in the words of the file; what comes out is in ours. Unknown keys are refused: a misspelt check must not be no check. */
export const suiteSchema = strictKeys({
  name: text,
  trials: z.int().positive().default(1),
  scenarios: z.array(scenario).min(1, 'must hold at least one scenario'),
}).superRefine(({ scenarios }, context) => {
  const seen = new Set<string>();
  scenarios.forEach(({ id }, index) => {
    if (seen.has(id)) context.addIssue({ code: 'custom', path: ['scenarios', index, 'id'], message: `"${id}" is the id of an earlier scenario: each needs its own` });
    seen.add(id);
  });
});

/** A tool call to look for: by name, and by those arguments that matter. */
export interface ToolExpectation {
  name: string;
  arguments: Record<string, unknown>;
}

/** One simulated case: what the customer says, word for word, and what must have come of it. */
export type Scenario = z.output<typeof scenario>;
export type Expectation = Scenario['expect'];

/** A set of scenarios, in the version that its content names. */
export interface Suite extends z.output<typeof suiteSchema> {
  /** Of the content: comments, key order and layout of the file do not count. */
  sha256: string;
  /** The file as it was read. */
  source: string;
}

function isDemanding(written: { tools?: { required: unknown[]; forbidden: unknown[]; order: unknown[] } | undefined; said: unknown[]; never_said: unknown[] } & Record<string, unknown>): boolean {
  const { tools } = written;
  const lists = [written.said, written.never_said, tools?.required ?? [], tools?.forbidden ?? [], tools?.order ?? []];
  return lists.some((list) => list.length > 0) || [written['state'], written['state_exactly'], written['turns_max']].some((value) => value !== undefined);
}
