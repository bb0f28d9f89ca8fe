import { OPERATIONS, USAGE_RULES, type OperationClass } from '#pricing';
import { CONVENTIONS, CREDENTIALS, EVENTS, MESSAGE_BODIES, type Convention, type ConventionField, type FieldDeclaration } from '#traces';

/** docs/conventions.md: what is read from a trace, for people that instrument an agent. From the declarations that the readers use. */
export function conventionsPage(): string {
  return [INTRODUCTION, leastToSend(), attributes(), messageBodies(), events(), operations(), tokenBuckets()].join('\n\n').concat('\n');
}

const INTRODUCTION = `# What is read from a trace

<!-- Written by \`npm run generate\` from libs/traces/src/conventions.ts and libs/pricing/src: edit those. -->

For people that instrument an agent. Send traces, and logs if you like, with any OpenTelemetry SDK ([how](../README.md#use-it)). Attributes are
read by the names of the OpenTelemetry GenAI conventions, of OpenInference, OpenLLMetry and the Vercel AI SDK, so that an agent that is
instrumented by one of them is mostly done. What no convention has a name for is called \`astrolabe.*\`.`;

const first = (field: ConventionField) => code(CONVENTIONS[field].names[0][0]);
const firsts = (...fields: ConventionField[]) => fields.map(first).join(', ');

function leastToSend(): string {
  return `## What to send at least

| where | what | without it |
|---|---|---|
| every model call | ${firsts('operation', 'provider', 'requestModel', 'responseModel')} | its cost is unknown |
| every model call that was answered | ${firsts('inputTokens', 'outputTokens')}, and where there are any ${firsts('cacheReadTokens', 'cacheWriteTokens')} | its cost is unknown, or too high |
| one span of every trace, best the root | ${firsts('conversationId', 'customerId', 'agent')} | the trace is in no conversation, and nobody is billed |
| the resource | ${firsts('service', 'environment')} | tests are taken for customers |
| speculative calls | ${firsts('speculative', 'used')} | waste is not seen |
| a span, or a log record | the events \`astrolabe.signal\` and \`astrolabe.conversation.end\` | outcomes rest on silence alone |

Ask the provider for usage when you stream: it comes with the last chunk, and a call without it is of unknown cost.`;
}

type Declared = readonly [ConventionField, FieldDeclaration];

const COLUMNS: readonly (readonly [title: string, conventions: readonly Convention[]])[] = [
  ['OTel GenAI', ['OTel GenAI']],
  ['OpenInference', ['OpenInference']],
  ['OpenLLMetry', ['OpenLLMetry']],
  ['Vercel AI SDK', ['Vercel AI SDK']],
  ['ours, and general OTel', ['Astrolabe', 'OTel']],
];

function attributes(): string {
  const fields = Object.entries(CONVENTIONS) as Declared[];
  const notes = fields.flatMap(([field, { note }]) => (note === undefined ? [] : [`- ${code(field)}: ${note}`]));
  return `## Attributes

Numbers are the order of precedence: the first name that is present wins, an empty value counts as not present, and a span wins over its
resource. An attribute that fills no field is kept under its own name, in \`attributes\` or \`resource_attributes\`.

${table(['field', 'column of `spans`', ...COLUMNS.map(([title]) => title)], fields.map(fieldRow))}

${notes.join('\n')}`;
}

function fieldRow([field, { columns, means, names }]: Declared): string[] {
  const ranked = names.map(([name, ...conventions], rank) => ({ text: names.length === 1 ? code(name) : `${rank + 1} ${code(name)}`, conventions }));
  const namesOf = (column: readonly Convention[]) => ranked.filter(({ conventions }) => conventions.some((convention) => column.includes(convention)));
  return [`${code(field)}<br>${means}`, columns.map(code).join('<br>'), ...COLUMNS.map(([, column]) => namesOf(column).map(({ text }) => text).join('<br>'))];
}

function messageBodies(): string {
  return `## Message bodies

What people and models said is no evidence, and is not stored unless the organization asks for it, and then apart. An attribute is a message
body if it has one of these names, or one of them, a dot, and more.

${table(['convention', 'names'], MESSAGE_BODIES.map(([convention, names]) => [convention, names.map(code).join(', ')]))}

Credentials are stored nowhere, whether bodies are kept or not: attributes whose names begin with ${CREDENTIALS.flatMap(([, names]) => names).map(code).join(', ')}.`;
}

function events(): string {
  const rows = EVENTS.map(({ name, from, means, attributes: read }) => [code(name), from, means, read.map(([attribute, meaning]) => `${code(attribute)}: ${meaning}`).join('<br>')]);
  return `## Events

An event of a span, or a log record whose event name (\`event_name\`, or the attribute \`event.name\`) is the one given here. A log record names its
trace, or its conversation by ${first('conversationId')}; with \`astrolabe.signal.id\` it may be sent again and counts once.

${table(['event', 'of', 'means', 'attributes'], rows)}`;
}

const CHARGES: readonly (readonly [OperationClass, title: string])[] = [
  ['leaf', 'leaf: a model call'],
  ['aggregate', 'aggregate: repeats what is below it'],
  ['own_usage', 'a leaf if it reports usage'],
];

function operations(): string {
  const attributeNames = [...new Set(OPERATIONS.map(([, attribute]) => attribute))];
  const rows = attributeNames.map((attribute) => {
    const ofAttribute = OPERATIONS.filter(([, each]) => each === attribute);
    const namesOf = (charge: OperationClass) => ofAttribute.filter(([, , each]) => each === charge).flatMap(([, , , names]) => names);
    return [`${code(attribute)}<br>${ofAttribute[0]?.[0] ?? ''}`, ...CHARGES.map(([charge]) => namesOf(charge).map(code).join(', '))];
  });
  return `## Operations, and what is charged

${table(['attribute', ...CHARGES.map(([, title]) => title)], rows)}

Letter case does not matter. Any other operation, or none, is a leaf if it reports usage. A leaf without usage is a call of unknown cost.

Of spans above each other one is charged, so that a framework may repeat on a parent what its children used. Leaves are charged; an aggregate
only where no leaf below it, at any depth, has a price. If its own cost is known it then stands for the leaves below, and if not, they are
charged, and it only where there are none. The corners are in
[charged-spans.ts](../libs/traces/src/charged-spans.ts).`;
}

function tokenBuckets(): string {
  return `## Token buckets

Every token is put into one bucket before it is priced. The totals of input and output contain their parts (from the cache, written to it, audio;
reasoning, audio) unless the counts show otherwise. \`token_rule\` says how a report was read:

${table(['rule', 'means'], Object.entries(USAGE_RULES).map(([rule, means]) => [code(rule), means]))}`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
