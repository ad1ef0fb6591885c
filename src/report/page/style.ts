/**
 * How the page looks. Colours in pairs for light and dark, each text with a contrast of at least 4.5:1; sizes in a scale of
 * 1.2 from 16 px. Nothing is loaded: fonts are the reader's own.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #faf9f7; --sheet: #ffffff; --sunk: #f3f1ed; --line: #dedad3; --strong: #b9b3a8;
  --ink: #1c2024; --soft: #565d66;
  --fail: #a3211d; --fail-sheet: #fdf3f1; --fail-line: #e5b5ae;
  --warn: #7a4f00; --warn-sheet: #fdf6e6; --warn-line: #e3cb93;
  --ok: #1c6840; --ok-sheet: #eff7f1; --ok-line: #b4d5c0;
  --unknown: #4a4a8c; --unknown-sheet: #f3f3fb; --unknown-line: #c3c3e2;
  --sans: system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --sheet: #1c2024; --sunk: #23282d; --line: #343b42; --strong: #56606a;
    --ink: #e7e9eb; --soft: #a7b0b9;
    --fail: #ff9d94; --fail-sheet: #2d1f1f; --fail-line: #6f3b38;
    --warn: #ecc06a; --warn-sheet: #2a2418; --warn-line: #66521f;
    --ok: #86d3a3; --ok-sheet: #1a2720; --ok-line: #2f5a42;
    --unknown: #b3b5f2; --unknown-sheet: #22233a; --unknown-line: #45477c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 var(--sans); overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; }
.page { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1, h2, h3, h4, p, ul, ol, dl, dd, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.728rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; }
h2 { scroll-margin-top: 1.5rem; font-size: 1.2rem; line-height: 1.3; font-weight: 650; margin: 3.5rem 0 0.25rem; letter-spacing: -0.005em; }
h3 { font-size: 1.0625rem; line-height: 1.4; font-weight: 650; }
h4 { font-size: 0.8125rem; font-weight: 600; color: var(--soft); }
.lead { color: var(--soft); max-width: 44rem; margin-bottom: 1.25rem; }
.soft { color: var(--soft); }
.small { font-size: 0.8125rem; }
code, .mono { font-family: var(--mono); font-size: 0.8125rem; }
.fail { --tone: var(--fail); --tone-sheet: var(--fail-sheet); --tone-line: var(--fail-line); }
.warn { --tone: var(--warn); --tone-sheet: var(--warn-sheet); --tone-line: var(--warn-line); }
.ok { --tone: var(--ok); --tone-sheet: var(--ok-sheet); --tone-line: var(--ok-line); }
.unknown { --tone: var(--unknown); --tone-sheet: var(--unknown-sheet); --tone-line: var(--unknown-line); }
.chip { display: inline-flex; align-items: baseline; gap: 0.35em; flex: none; max-width: 100%; padding: 0.05rem 0.5rem; border-radius: 0.25rem;
  font-size: 0.8125rem; font-weight: 600; color: var(--tone); background: var(--tone-sheet); border: 1px solid var(--tone-line); }
.mark { flex: none; width: 1.25em; text-align: center; font-weight: 700; color: var(--tone); }

.eyebrow { font-size: 0.8125rem; font-weight: 600; color: var(--soft); margin-bottom: 1.5rem; }
.verdict { border: 1px solid var(--tone-line); border-radius: 0.5rem; background: var(--tone-sheet); padding: 1.25rem 1.25rem 1.375rem; }
.verdict .word { display: inline-block; color: var(--paper); background: var(--tone); border-radius: 0.25rem; padding: 0.0625rem 0.5625rem; font-weight: 700; font-size: 0.875rem; letter-spacing: 0.05em; margin-bottom: 0.75rem; }
.verdict p.say { margin-top: 0.5rem; }
.facts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem 1.5rem; margin-top: 1.5rem; }
.facts .wide { grid-column: 1 / -1; }
.facts dt { font-size: 0.8125rem; color: var(--soft); }
.facts dd { font-weight: 500; }
.toc { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin-top: 1.5rem; font-size: 0.9375rem; }
a { color: inherit; text-decoration-color: var(--strong); text-underline-offset: 0.2em; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--unknown); outline-offset: 2px; border-radius: 0.125rem; }

.card { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.5rem; padding: 1.25rem; margin-top: 1rem; }
.cause > p { margin-top: 0.375rem; max-width: 46rem; }
.cause h4 { margin: 1.25rem 0 0.375rem; }
.number { display: inline-block; min-width: 1.625rem; margin-right: 0.625rem; padding: 0 0.375rem; border: 1px solid var(--tone-line); border-radius: 0.25rem; background: var(--tone-sheet); color: var(--tone); text-align: center; }
.evidence { border-left: 2px solid var(--line); padding-left: 0.875rem; }
.evidence li { font-family: var(--mono); font-size: 0.8125rem; line-height: 1.6; white-space: pre-wrap; }
.remedy + .remedy { margin-top: 0.875rem; }
.remedy p { }
pre { margin-top: 0.375rem; background: var(--sunk); border: 1px solid var(--line); border-radius: 0.375rem; padding: 0.625rem 0.875rem; overflow-x: auto; }
pre code { display: block; white-space: pre; line-height: 1.7; user-select: all; -webkit-user-select: all; }
@media print { pre code { white-space: pre-wrap; } }
`;

/** Paths, tree and checks. */
export const DRAWINGS = `
details > summary { cursor: pointer; list-style: none; }
details > summary::-webkit-details-marker { display: none; }
.turn::before { content: "+"; flex: none; width: 1rem; color: var(--soft); font-family: var(--mono); }
details[open] > .turn::before { content: "\\2212"; }

.path > summary { display: flex; gap: 0.5rem; align-items: baseline; flex-wrap: wrap; }
.path > summary h3 { flex: 1 1 14rem; min-width: 0; }
.path:not([open]) { padding-top: 0.5rem; padding-bottom: 0.5rem; margin-top: 0.5rem; }
.path:not([open]) h3 { font-weight: 500; font-size: 1rem; }
.path .inner { margin-top: 1rem; }
.path .flaw { margin-bottom: 1rem; font-weight: 500; color: var(--tone); }
.way { display: flex; flex-direction: column; align-items: stretch; gap: 1.5rem; }
.hop { position: relative; border: 1px solid var(--line); border-radius: 0.375rem; background: var(--sunk); padding: 0.5rem 0.625rem 0.625rem; min-width: 0; }
.hop + .hop::before { content: "\\2193"; position: absolute; left: 0; right: 0; top: -1.5rem; line-height: 1.5rem; text-align: center; color: var(--soft); }
.hop .name { font-size: 0.75rem; font-weight: 600; letter-spacing: 0.03em; color: var(--soft); }
.hop .packet { font-family: var(--mono); font-size: 0.8125rem; margin-top: 0.25rem; }
.hop .stages { display: flex; flex-wrap: wrap; gap: 0.375rem; margin-top: 0.375rem; }
.stage { flex: 1 1 auto; background: var(--sheet); border: 1px solid var(--line); border-radius: 0.25rem; padding: 0.25rem 0.5rem; font-size: 0.8125rem; min-width: 4.5rem; }
.stage b { font-weight: 600; display: block; }
.stage.ends { background: var(--tone-sheet); border: 2px solid var(--tone); color: var(--tone); }
.hop.ghost { border-style: dashed; background: none; }
.hop.ghost::before { display: none; }
.stage.ghost { border-style: dashed; background: none; color: var(--soft); }
.hop.end { background: var(--tone-sheet); border-color: var(--tone); }
.hop.end .name { color: var(--tone); font-size: 0.8125rem; }
.steps { margin-top: 1.25rem; border-top: 1px solid var(--line); }
.steps li { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 1.25rem; padding: 0.4375rem 0; border-bottom: 1px solid var(--line); }
.steps .hook { font-size: 0.75rem; font-weight: 600; letter-spacing: 0.03em; color: var(--soft); }
.steps .where { font-size: 0.9375rem; }
.steps .plain .did { font-weight: 400; color: var(--soft); }
.steps .did { font-weight: 500; font-size: 0.9375rem; }
.steps code { white-space: pre-wrap; color: var(--soft); }
.steps .ends { background: var(--tone-sheet); margin: -1px -0.75rem 0; padding-left: 0.75rem; padding-right: 0.75rem; border: 1px solid var(--tone-line); border-radius: 0.25rem; }
.steps .ends .did, .steps .ends code { color: var(--tone); }

.map { --rail: var(--strong); }
.uplink { display: inline-block; border: 1px solid var(--strong); border-radius: 0.375rem; background: var(--sheet); padding: 0.375rem 0.75rem; font-weight: 600; }
.uplink .soft { font-weight: 400; }
.bridges { margin-left: 0.9375rem; }
.bridges > li { position: relative; padding: 0.625rem 0 0 1.5rem; border-left: 2px solid var(--rail); }
.bridges > li:last-child { border-color: transparent; }
.bridges > li::before { content: ""; position: absolute; left: -2px; top: 0; width: 1.5rem; height: 1.875rem; border: solid var(--rail); border-width: 0 0 2px 2px; border-bottom-left-radius: 0.5rem; }
.bridge > summary, .bridge.bare { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.125rem 0.875rem; border: 1px solid var(--line); border-radius: 0.375rem; background: var(--sheet); padding: 0.5rem 0.75rem; position: relative; }
.bridge.bad > summary { border-color: var(--fail); }
.bridge .id { font-weight: 600; }
.bridge .tail { margin-left: auto; display: flex; gap: 0.75rem; align-items: baseline; flex-wrap: wrap; }
.ports { margin-left: 1.25rem; }
.ports > li { position: relative; border-left: 2px solid var(--line); padding: 0.5rem 0 0 1.25rem; }
.ports > li:last-child { border-color: transparent; }
.ports > li::before { content: ""; position: absolute; left: -2px; top: 0; width: 1.25rem; height: 1.625rem; border: solid var(--line); border-width: 0 0 2px 2px; border-bottom-left-radius: 0.375rem; }
.port { display: flex; flex-direction: column; gap: 0.25rem; border: 1px solid var(--line); border-radius: 0.375rem; background: var(--sheet); padding: 0.375rem 0.75rem; font-size: 0.875rem; }
.port > * { min-width: 0; }
.port .who { font-weight: 600; }
.port .who .soft { font-weight: 400; }
.port.bad { border-color: var(--fail); }
.published { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.published li { font-family: var(--mono); font-size: 0.75rem; border: 1px solid var(--line); border-radius: 0.25rem; background: var(--sunk); padding: 0.0625rem 0.4375rem; }

.tiles { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.tile { flex: 1 1 9rem; max-width: 18rem; border: 1px solid var(--tone-line, var(--line)); border-radius: 0.375rem; background: var(--tone-sheet, var(--sheet)); padding: 0.5rem 0.75rem; font-size: 0.875rem; }
.tile b { display: block; font-size: 1.44rem; line-height: 1.3; font-weight: 650; font-variant-numeric: tabular-nums; color: var(--tone, inherit); }
.effects { margin-top: 1rem; border-top: 1px solid var(--line); }
.effect { display: flex; flex-direction: column; align-items: flex-start; gap: 0.25rem 0.75rem; padding: 0.625rem 0; border-bottom: 1px solid var(--line); }
.effect .chip.plain { color: var(--soft); background: var(--sheet); border-color: var(--line); }
.effect .body { min-width: 0; flex: 1; }
.effect .what { font-weight: 500; }
.effect .why { color: var(--soft); }
.names > summary { display: flex; gap: 0.25rem; }

.filter { display: flex; flex-wrap: wrap; gap: 0.75rem 2rem; margin-top: 3.5rem; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--sheet); }
.choice { position: absolute; opacity: 0; margin: 3.75rem 0 0; pointer-events: none; }
.filter p { min-width: 0; display: flex; flex-wrap: wrap; gap: 0.375rem; align-items: baseline; }
.filter b { padding-right: 0.5rem; font-size: 0.8125rem; font-weight: 600; color: var(--soft); }
.filter label { font-size: 0.8125rem; cursor: pointer; border: 1px solid var(--line); border-radius: 0.25rem; padding: 0.0625rem 0.5rem; }

.alike { columns: 18rem; column-gap: 1.5rem; font-size: 0.8125rem; margin-bottom: 1rem; }
.alike li { break-inside: avoid; padding: 0.0625rem 0; }
.path .inner > h4 { margin-bottom: 0.5rem; }
.rest > summary { display: flex; padding-bottom: 0.5rem; }

.section { border-bottom: 1px solid var(--line); }
.section > summary { display: flex; align-items: baseline; gap: 0.5rem; padding: 0.75rem 0; }
.section > summary h3 { flex: 1; }
.checks { padding-bottom: 0.875rem; }
.checks > li { display: flex; gap: 0.5rem; padding: 0.375rem 0 0.375rem 1.5rem; }
.checks .body { min-width: 0; flex: 1; }
.checks .body > * + * { margin-top: 0.375rem; }
.checks .code { color: var(--soft); font-size: 0.75rem; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.8125rem; }

@media (min-width: 48rem) {
  .page { padding: 3rem 2.5rem 6rem; }
  h1 { font-size: 2.074rem; }
  h2 { font-size: 1.44rem; margin-top: 4.5rem; }
  .verdict { padding: 1.625rem 1.75rem 1.75rem; }
  .facts { grid-template-columns: 2fr 2fr 1fr 1fr; }
  .card { padding: 1.5rem 1.75rem; }
  .steps li { grid-template-columns: 7rem 13rem minmax(0, 1fr); align-items: baseline; }
  .steps li > .where { grid-column: 2; }
  .steps li > .did, .steps li > code { grid-column: 3; }
  .effect { flex-direction: row; }
  .effect > .chip { flex: 0 0 6rem; margin-top: 0.125rem; }
  .port { flex-direction: row; align-items: baseline; gap: 1rem; }
  .port .plug { flex: 0 0 15rem; }
  .port .who { flex: 1 1 14rem; }
  .port .published { flex: 1 1 14rem; justify-content: flex-end; }
}
@media (min-width: 64rem) {
  .way { flex-direction: row; gap: 1.75rem; }
  .hop { flex: 1 1 auto; min-width: 7.5rem; max-width: 20rem; }
  .hop:first-child, .hop.end { flex: 1 0 11.5rem; max-width: 16rem; }
  .hop .stages { flex-direction: column; }
  .hop + .hop::before { content: "\\2192"; left: -1.75rem; right: auto; width: 1.75rem; top: 50%; margin-top: -0.75rem; }
}
@media print {
  :root { --paper: #fff; }
  .page { max-width: none; padding: 0; }
  .toc { display: none; }
  .card, .steps li, .port { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .filter, .choice { display: none; }
  .alike { columns: auto; }
  .alike li { display: inline; }
  .alike li:not(:last-child)::after { content: " \\00b7 "; }
  .paper::details-content { content-visibility: visible; block-size: auto; }
  .turn::before { display: none; }
}
`;
