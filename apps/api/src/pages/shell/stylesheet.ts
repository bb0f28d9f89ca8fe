/**
 * The style of all pages: one sheet, no build. Colours are named once, for light and for dark; every pair of text and ground has a contrast
 * of 4.5 or more.
 */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --raised: #ffffff; --ink: #1d232b; --muted: #59636f; --rule: #dfe2e6; --accent: #2f4f9e; --focus: #2f4f9e;
  --call: #4a6cc0; --other: #98a2b0; --spec: #6f8fd8; --spec-ground: #dbe4f8; --waste: #b4690e; --waste-ground: #f8e3c8; --caution: #875008; --error: #b3261e;
  --good: #1c6b3c; --good-ground: #e5f3ea; --bad: #9c1f18; --bad-ground: #fcebe9; --chip: #eceef1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --raised: #1b1f26; --ink: #e4e7ec; --muted: #a2acb9; --rule: #323843; --accent: #a3bcff; --focus: #a3bcff;
    --call: #7f9ff0; --other: #6f7988; --spec: #8ba7ee; --spec-ground: #2a3754; --waste: #e8a04a; --waste-ground: #4a3517; --caution: #f0b46a; --error: #f28b82;
    --good: #8bd6a5; --good-ground: #183325; --bad: #ffb4ab; --bad-ground: #43201d; --chip: #2a303a;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: break-word; }
a { color: var(--accent); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
code { font: 0.875em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.id { overflow-wrap: anywhere; }
time { white-space: nowrap; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; padding: 0.5rem 1rem; background: var(--raised); border: 1px solid var(--rule); z-index: 1; }
.skip:focus { top: 0.5rem; }

.top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.5rem; padding: 0.75rem 1.5rem; border-bottom: 1px solid var(--rule); background: var(--raised); }
.brand { font-weight: 650; color: var(--ink); text-decoration: none; letter-spacing: 0.01em; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
nav li a { display: inline-block; padding: 0.25rem 0; text-decoration: none; color: var(--muted); border-bottom: 2px solid transparent; }
nav li a:hover { color: var(--ink); }
nav li a[aria-current] { color: var(--ink); border-bottom-color: var(--accent); }
.account { display: flex; align-items: center; gap: 0.75rem; margin: 0 0 0 auto; color: var(--muted); font-size: 0.875rem; }

main { max-width: 76rem; margin: 0 auto; padding: 1.75rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; font-weight: 620; margin: 0 0 1rem; overflow-wrap: anywhere; text-wrap: balance; }
h2 { font-size: 1.15rem; font-weight: 620; margin: 2.75rem 0 0.5rem; }
h3 { font-size: 1rem; font-weight: 620; margin: 1.75rem 0 0.25rem; }
section { scroll-margin-top: 1rem; }
tr { scroll-margin-top: 4rem; }
tr:target > :first-child { box-shadow: inset 3px 0 0 var(--accent); }
tr:target > * { background: var(--raised); }
section:target > h2 { text-decoration: underline; text-decoration-color: var(--accent); text-underline-offset: 0.3em; }
.lead { max-width: 46rem; margin: 0 0 1.25rem; }
.note, caption, .stats dt, .stats .note, .facts dt, .span-note { color: var(--muted); font-size: 0.875rem; }
.note { margin: 0.25rem 0 0.75rem; }
.empty { color: var(--muted); padding: 0.75rem 1rem; border: 1px dashed var(--rule); border-radius: 6px; max-width: 46rem; }
.unknown { color: var(--caution); font-style: italic; }
.problem, .good { padding: 0.6rem 1rem; border-radius: 6px; border-left: 4px solid; max-width: 60rem; }
.problem { background: var(--bad-ground); color: var(--bad); }
.good { background: var(--good-ground); color: var(--good); }
.problem ul { margin: 0.25rem 0 0; padding-left: 1.25rem; }

.stats { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1px; margin: 0 0 1rem; background: var(--rule); border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; }
.stats > div { background: var(--raised); padding: 0.9rem 1rem 0.8rem; }
.stats dd { margin: 0; }
.stats .figure { font-size: 1.4rem; font-weight: 560; line-height: 1.35; font-variant-numeric: tabular-nums; }
.stats .figure data { display: block; }
.stats .figure.none { font-size: 1rem; line-height: 1.9; font-weight: 400; color: var(--muted); }
.stats .note { margin: 0; line-height: 1.4; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 0.6rem 1.5rem; margin: 0 0 1.25rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.panel { background: var(--raised); border: 1px solid var(--rule); border-radius: 8px; padding: 1rem 1.1rem 0.6rem; margin: 0.75rem 0 1.5rem; }
details { margin: 0 0 0.5rem; }
summary { cursor: pointer; padding: 0.2rem 0; color: var(--accent); }

table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.25rem; font-size: 0.9375rem; }
caption { text-align: left; padding: 0 0 0.35rem; }
th, td { text-align: left; vertical-align: top; padding: 0.45rem 1rem 0.45rem 0; border-bottom: 1px solid var(--rule); font-weight: inherit; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); font-size: 0.8125rem; vertical-align: bottom; border-bottom-color: var(--muted); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
tbody .number { white-space: nowrap; }
.number + :not(.number) { padding-left: 1rem; }
.rank-line > * { padding-top: 0.9rem; border-bottom-color: transparent; } .rank-line > *, .rank-line th { font-weight: 600; } .rank-charge > th { padding-left: 1.25rem; } .rank-tier > th { padding-left: 2.5rem; color: var(--muted); } .rank-tier > * { padding-top: 0.15rem; font-size: 0.875rem; }
.plain { list-style: none; margin: 0; padding: 0; overflow-wrap: anywhere; }
.parts { margin-top: 0.25rem; font-size: 0.875rem; color: var(--muted); }
.mark { display: inline-block; padding: 0 0.45rem; border-radius: 4px; font-size: 0.8125rem; line-height: 1.55; font-weight: 400; background: var(--chip); color: var(--ink); overflow-wrap: anywhere; }
.mark.held { background: var(--good-ground); color: var(--good); }
.mark.failed { background: var(--bad-ground); color: var(--bad); }
.mark.used, .mark.not_told { background: var(--spec-ground); }
.mark.wasted { background: var(--waste-ground); }
.trials { display: flex; flex-wrap: wrap; gap: 0.3rem; list-style: none; margin: 0; padding: 0; }

.patterns { position: absolute; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0; padding: 0; color: var(--muted); font-size: 0.875rem; }
.legend svg { margin-right: 0.4rem; vertical-align: -1px; overflow: visible; }
.waterfall { table-layout: fixed; }
.waterfall th:first-child { width: 32%; }
.waterfall .number { width: 6rem; }
.waterfall .number:last-child { width: 8.5rem; white-space: normal; }
.waterfall td, .waterfall tbody th { padding-top: 0.3rem; padding-bottom: 0.3rem; }
.span-name { display: block; overflow-wrap: anywhere; }
.span-note { display: block; line-height: 1.35; font-weight: 400; overflow-wrap: anywhere; }
${[0, 1, 2, 3, 4, 5, 6, 7, 8].map((depth) => `.span.depth-${depth} { padding-left: ${depth * 0.85}rem; }`).join(' ')}
.lane, .axis { display: block; overflow: visible; }
.axis text { fill: var(--muted); font-size: 11px; font-variant-numeric: tabular-nums; }
.tick { stroke: var(--rule); }
.bar { stroke-width: 1; }
.bar.call { fill: var(--call); }
.bar.other { fill: var(--other); }
.bar.error { fill: var(--error); }
.bar.speculative { fill: url(#hatch); stroke: var(--spec); }
.bar.wasted { fill: url(#cross-hatch); stroke: var(--waste); }
.hatch-ground { fill: var(--spec-ground); } .hatch-line { stroke: var(--spec); stroke-width: 4; }
.waste-ground { fill: var(--waste-ground); } .waste-line { stroke: var(--waste); stroke-width: 2; fill: none; }
.turn { margin-bottom: 2rem; }

button { font: inherit; padding: 0.45rem 1.1rem; border-radius: 6px; border: 1px solid var(--accent); background: var(--accent); color: var(--raised); cursor: pointer; }
button.quiet { background: none; border-color: var(--rule); color: inherit; padding: 0.15rem 0.7rem; }
button.quiet:hover { color: var(--ink); border-color: var(--muted); }
input, select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--muted); border-radius: 6px; padding: 0.45rem 0.7rem; max-width: 100%; }
.login { max-width: 28rem; display: grid; gap: 0.4rem; justify-items: start; }
.login input { width: 100%; }
.compare { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: end; }
.compare label { display: grid; gap: 0.15rem; color: var(--muted); font-size: 0.875rem; min-width: 0; max-width: 100%; }
.compare select, .compare input { color: var(--ink); }
.pager { display: flex; gap: 1.5rem; }
a.button { display: inline-block; padding: 0.45rem 1.1rem; border-radius: 6px; background: var(--accent); color: var(--raised); text-decoration: none; }
textarea { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--muted); border-radius: 6px; padding: 0.4rem 0.6rem; width: 100%; resize: vertical; }
kbd { display: inline-block; min-width: 1.4em; padding: 0 0.3em; text-align: center; font: 0.75rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; border: 1px solid currentColor; border-radius: 4px; vertical-align: 0.1em; }
.last-label { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1rem; margin: 0 0 1rem; padding: 0.45rem 0.9rem; background: var(--chip); border-radius: 6px; max-width: 46rem; }
.last-label button { background: var(--raised); }
.empty p, .good p { margin: 0.25rem 0; }
.review { display: grid; grid-template-columns: minmax(0, 1fr) 23rem; gap: 0 2.5rem; align-items: start; }
.review-evidence > h2:first-child { margin-top: 0.5rem; }
.review-judgement { position: sticky; top: 1rem; margin-top: 0.5rem; max-height: calc(100vh - 2rem); overflow-y: auto; }
.review-judgement h2 { margin-top: 0; }
.review-judgement .facts { grid-template-columns: 1fr; gap: 0.35rem; }
.review-judgement .facts > div { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); }
.question { margin: 0 0 1rem; padding-top: 0.75rem; border-top: 1px solid var(--rule); }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
fieldset:disabled { opacity: 0.6; }
legend { padding: 0; font-weight: 560; margin-bottom: 0.5rem; }
.answers { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; margin-bottom: 0.6rem; }
button.choice { background: none; color: inherit; border-color: var(--muted); }
button.choice:hover { border-color: var(--accent); color: var(--accent); }
button.choice kbd { color: var(--muted); }
.note-field { display: grid; gap: 0.15rem; color: var(--muted); font-size: 0.875rem; margin-bottom: 0.6rem; }
.note-field textarea { color: var(--ink); }
.others { margin-bottom: 1rem; }
.keys { margin: 0.25rem 0 0.5rem; font-size: 0.875rem; }
.keys > div { display: grid; grid-template-columns: 5rem 1fr; padding: 0.1rem 0; }
.keys dt { display: flex; gap: 0.3rem; } .keys dd { margin: 0; }
.transcript { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; gap: 0.6rem; }
.transcript li { max-width: 85%; padding: 0.5rem 0.8rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--raised); justify-self: start; overflow-wrap: anywhere; white-space: pre-line; }
.transcript .from-user { justify-self: end; background: var(--spec-ground); border-color: transparent; }
.speaker { display: block; font-size: 0.8125rem; color: var(--muted); }
.from-user .speaker { color: var(--ink); }
.digest { margin-bottom: 1rem; } .digest h3 { margin-top: 0.75rem; } .digest .note { margin: 0 0 0.35rem; }
.digest li { display: grid; grid-template-columns: 5.5rem minmax(0, 1fr); padding: 0.15rem 0; }
.offset { color: var(--muted); font-variant-numeric: tabular-nums; }

@media (max-width: 46rem) {
  main { padding: 1.25rem 1rem 3rem; }
  .top { padding: 0.6rem 1rem; }
  h1 { font-size: 1.35rem; }
  .top nav { order: 1; flex-basis: 100%; }
  nav ul { gap: 0.25rem 0.7rem; font-size: 0.9rem; }
  .stats { grid-template-columns: 1fr; }
  .stats > div { padding: 0.6rem 0.9rem; }
  .stats .figure { font-size: 1.2rem; }
  .stats .figure.none { line-height: 1.5; }
  table, caption, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { border-bottom: 1px solid var(--rule); padding: 0.55rem 0; }
  tbody th, tbody td { border: 0; padding: 0.1rem 0; }
  tbody th { font-weight: 560; }
  td[data-label] { display: flex; justify-content: space-between; gap: 1rem; text-align: right; overflow-wrap: anywhere; }
  td[data-label]::before { content: attr(data-label); color: var(--muted); font-size: 0.875rem; text-align: left; flex: none; }
  .number + :not(.number) { padding-left: 0; }
  .waterfall th:first-child, .waterfall .number, .waterfall .number:last-child { width: auto; }
  .waterfall td[data-label] { display: inline-flex; gap: 0.4rem; margin-right: 1.1rem; font-size: 0.875rem; }
  .waterfall td.nothing { display: none; }
  .trials { justify-content: end; }
}
@media (max-width: 62rem) {
  .review { grid-template-columns: minmax(0, 1fr); }
  .review-judgement { position: static; max-height: none; margin-top: 1.5rem; }
}
@media print {
  :root { --ground: #fff; --raised: #fff; --ink: #000; --muted: #444; --rule: #bbb; }
  html { font-size: 11px; }
  nav, .account, .skip, .compare, .pager { display: none; }
  main { max-width: none; padding: 0; }
  .top { border: 0; padding: 0 0 0.5rem; }
  a { color: inherit; text-decoration: none; }
  tr, .stats > div, .panel { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .bar, .legend rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`.trim();
