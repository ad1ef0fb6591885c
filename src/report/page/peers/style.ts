/** Both hosts and the wire between them: side by side on a desk, one below the other on a phone. */
export const PEERS_STYLE = `
.direction { margin: 1.25rem 0 0.625rem; }
.hosts { display: flex; flex-direction: column; gap: 1.75rem; }
.side { position: relative; min-width: 0; border: 1px solid var(--tone-line, var(--line)); border-radius: 0.5rem; background: var(--sheet); padding: 0.875rem 1rem 1rem; }
.side.fail { border: 2px solid var(--tone); }
.side.missing, .side.wire { border-style: dashed; background: var(--sunk); }
.side .who { font-weight: 650; margin-bottom: 0.5rem; }
.side dl > div { display: grid; grid-template-columns: 5rem minmax(0, 1fr); gap: 0 0.75rem; padding: 0.25rem 0; border-top: 1px solid var(--line); font-size: 0.8125rem; }
.side dt { color: var(--soft); }
.side dd li b { font-weight: 600; }
.side dd li.ends { color: var(--tone); font-weight: 600; }
.side .outcome { margin-top: 0.625rem; font-size: 0.875rem; font-weight: 500; }
.side.fail .outcome, .side.unknown .outcome { color: var(--tone); }
.side .outcome + .small { margin-top: 0.375rem; }
.side + .side::before { content: "\\2193"; position: absolute; left: 0; right: 0; top: -1.75rem; line-height: 1.75rem; text-align: center; color: var(--soft); }
@media (min-width: 64rem) {
  .hosts { flex-direction: row; align-items: stretch; }
  .hosts.home { flex-direction: row-reverse; }
  .side { flex: 1 1 0; }
  .side + .side::before { content: "\\2192"; left: -1.75rem; right: auto; width: 1.75rem; top: 50%; margin-top: -0.875rem; }
  .hosts.home .side + .side::before { content: "\\2190"; left: auto; right: -1.75rem; }
}
@media print {
  .hosts, .hosts.home { gap: 1rem; break-inside: avoid; }
  .hosts { flex-direction: row; }
  .hosts.home { flex-direction: row-reverse; }
  .side { flex: 1 1 0; padding: 0.5rem; }
  .side dl > div { grid-template-columns: minmax(0, 1fr); padding: 0.125rem 0; font-size: 0.75rem; }
  .side + .side::before { content: "\\2192"; left: -1rem; right: auto; width: 1rem; top: 50%; }
  .hosts.home .side + .side::before { content: "\\2190"; left: auto; right: -1rem; }
  .direction { break-after: avoid; }
  h2 { margin-top: 1.5rem; }
}
`;
