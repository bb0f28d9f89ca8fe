import { ELEMENT_FIELDS, FACT_FIELDS, FACT_ITEMS_MAX, STANDARD_EXCLUSIONS, type FactField } from '#outcomes';

/** docs/facts.md: what expressions of a contract can read, for people that write contracts. From the declaration that they are checked against. */
export function factsPage(): string {
  const elements = Object.entries(ELEMENT_FIELDS).map(([name, fields]) => `### Each of \`${name}\`\n\n${table(fields)}`);
  return [INTRODUCTION, `## Facts\n\n${table(FACT_FIELDS)}`, ...elements, EXPRESSIONS, exclusions()].join('\n\n').concat('\n');
}

const INTRODUCTION = `# What a contract can read

<!-- Written by \`npm run generate\` from libs/outcomes/src/fact-fields.ts: edit that. -->

The conditions of a contract are [CEL](https://cel.dev) over the facts of an episode: what its spans and signals say
([conventions.md](conventions.md)), summed up. The same spans and signals give the same facts, whatever the order they came in.`;

const EXPRESSIONS = `## Expressions

\`when\` and \`unless\` give true or false, \`grade\` one of the grades, \`value\` a number. \`astrolabe contracts check\` tries every part of an
expression on sample facts, and says what is wrong by line.

- An expression that cannot be evaluated does not hold: \`csat <= 2\` on an episode without a rating. Write \`csat != null && csat > 3\` where you
  negate.
- Counts are ints; ratings, scores and \`number\` are doubles. The two compare with each other.
- Beside CEL's own functions there are those of its strings extension (\`lowerAscii\`, \`split\`, ...) and \`sum()\` of a list of numbers:
  \`signals.filter(s, s.name == "upgrade_sold").map(s, s.number).sum()\`. \`matches\` takes RE2 patterns, which need linear time.
- Lists have at most ${FACT_ITEMS_MAX} elements. There is no clock, no randomness and nothing outside of the facts: the same facts give the same
  answer, always.`;

function exclusions(): string {
  const rows = Object.entries(STANDARD_EXCLUSIONS).map(([name, { title, when }]) => `| \`${name}\` | ${title} | \`${when.replaceAll('|', '\\|')}\` |`);
  return ['## Standard exclusions', 'Listed by their name under `exclusions`. What one says never changes.', ['| name | | holds when |', '|---|---|---|', ...rows].join('\n')].join('\n\n');
}

function table(fields: Readonly<Record<string, FactField<unknown>>>): string {
  const rows = Object.entries(fields).map(([name, { type, says, isOptional }]) => `| \`${name}\` | ${type}${isOptional ? ' or null' : ''} | ${says} |`);
  return ['| name | type | says |', '|---|---|---|', ...rows].join('\n');
}
