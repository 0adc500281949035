/** The style sheet of the page. Colours of text have a contrast of at least 4.5. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1f2328; --dim: #59636e; --line: #d1d9e0;
  --misclassified: #b3261e; --inside: #e3a008; --outside: #2e7d5b; --bar: #4a76b8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --text: #e6edf3; --dim: #9da7b1; --line: #343b43;
    --misclassified: #f0746a; --inside: #d9a73a; --outside: #4caf85; --bar: #6b9ae0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 64rem;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.2rem; }
p { margin: .5rem 0; max-width: 46rem; }
p { overflow-wrap: anywhere; }
code { font: .875rem/1.5 ui-monospace, monospace; }
code span { display: inline-block; max-width: 100%; }
.dim, footer { color: var(--dim); }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); font-size: .875rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td {
  padding: .3rem 1.25rem .3rem 0; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top; font-weight: normal;
}
thead th { color: var(--dim); font-size: .875rem; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem 2.5rem; }
.chart { display: block; width: 100%; max-width: 32rem; }
.chart text { font: 13px system-ui, sans-serif; fill: var(--text); }
.grid { stroke: var(--line); fill: none; }
.mark { stroke: var(--text); stroke-dasharray: 5 3; fill: none; }
.bar { display: block; width: 9rem; height: .75rem; margin-top: .4rem; fill: var(--bar); }
.swatch { display: inline-block; width: .75rem; height: .75rem; margin-right: .5rem; }
rect.misclassified { fill: var(--misclassified); }
rect.inside { fill: var(--inside); }
rect.outside { fill: var(--outside); }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --text: #000; --dim: #444; --line: #bbb;
    --misclassified: #b3261e; --inside: #e3a008; --outside: #2e7d5b; --bar: #4a76b8;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2 { break-after: avoid; }
  tr, .chart { break-inside: avoid; }
  .scroll { overflow: visible; }
}
`;
