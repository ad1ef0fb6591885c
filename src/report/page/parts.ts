import type { Check, CheckVerdict } from '../../doctor/diagnosis.ts';
import { MARKS } from '../doctor/words.ts';
import { html, type Html } from './html.ts';

/** Verdicts as the page says them, beside their marks. */
export const WORDS: Readonly<Record<CheckVerdict, string>> = {
  ok: 'ok',
  warn: 'warning',
  fail: 'failed',
  unknown: 'unknown',
};

/** A small label with a verdict's colour, mark and a word of its own. */
export const chip = (verdict: CheckVerdict, text: string): Html =>
  html`<span class="chip ${verdict}"><span aria-hidden="true">${MARKS[verdict]}</span>${text}</span>`;

/** A mark alone, with its word for screen readers. */
export const mark = (verdict: CheckVerdict): Html =>
  html`<span class="mark ${verdict}" role="img" aria-label="${WORDS[verdict]}">${MARKS[verdict]}</span>`;

/** The evidence of a check. */
export const evidenceList = ({ evidence }: Check): Html | undefined =>
  evidence.length === 0
    ? undefined
    : html`<ul class="evidence">
        ${evidence.map((line) => html`<li>${line}</li>`)}
      </ul>`;

/** Ways to fix it, each command in a block of its own that one click selects. */
export const remedyList = ({ remedies }: Check): readonly Html[] =>
  remedies.map(
    ({ what, commands }) =>
      html`<div class="remedy">
        <p>${what}</p>
        ${
          commands.length === 0
            ? undefined
            : html`<pre tabindex="0">${commands.map((command) => html`<code>${command}</code>`)}</pre>`
        }
      </div>`,
  );

/** How many of the verdicts are this one. */
export const countOf = (verdicts: readonly CheckVerdict[], verdict: CheckVerdict): number =>
  verdicts.filter((one) => one === verdict).length;
