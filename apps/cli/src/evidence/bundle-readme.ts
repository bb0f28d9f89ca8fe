/** README.md of a bundle: for the engineer of whoever pays the statement. */
export const BUNDLE_README = `# Evidence for a statement

    node verify.mjs          # Node 20 or newer; nothing else is needed, and nothing is sent anywhere

recounts the statement from the decisions in this folder, and says what differs, by file and line.

| file | is |
|---|---|
| statement.json | the statement: lines, totals, period, and which contracts apply |
| decisions.jsonl | one booking a line: the outcome that is paid for, or one that is taken back, with the decision that caused it |
| not-billed.jsonl | what was decided in the period and not billed, with the reason; what it would have been is under "listed" |
| contracts/ | the contracts, as they were when they decided |
| *.jsonl.sha256 | the SHA-256 of each line |
| manifest.json | the SHA-256 of each file, and "root", that of the list of them |

A decision says why: "reason", "explanation" (every condition of the contract that was looked at, whether it held, and on which signals and
spans it rests), "facts" (what was known of the conversation), "evidence" (the ids of traces and signals).

## How things are counted

- Amounts are integers in text: micros, millionths of the currency, and exact; minor units, the smallest of the currency.
- A line of the statement is the sum of its bookings in micros, rounded once to minor units, half to even. The total is the sum of the lines.
- A booking that takes an outcome back has the amount of that outcome, negated; what it takes back is under "reversed".
- "factsSha256" is the SHA-256 of the facts as canonical JSON: UTF-8, no white space, the keys of every object in the order of their UTF-16 code
  units, numbers and texts as JSON.stringify of JavaScript writes them.
- "contractSha256" is the SHA-256 of the contract file.

## What it proves

That the statement follows from these decisions, that each decision is about these facts, and that nothing was changed since "root" was noted:
ask for the root on another way than this folder. It does not prove that the conversations took place as their traces say; their ids are here
so that you can look for them in your own systems.
`;
