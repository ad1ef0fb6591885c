import type { Check, Verdict } from '../../doctor/diagnosis.ts';
import { MARKS } from '../doctor-words.ts';
import { html, type Html } from './html.ts';

/** Verdicts as the page says them, beside their marks. */
export const WORDS: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  warn: 'warning',
  fail: 'failed',
  unknown: 'unknown',
};

/** A small label with a verdict's colour, mark and a word of its own. */
export const chip = (verdict: Verdict, text: string): Html =>
  html`<span class="chip ${verdict}"><span aria-hidden="true">${MARKS[verdict]}</span>${text}</span>`;

/** A mark alone; its word is there for those who hear the page. */
export const mark = (verdict: Verdict): Html =>
  html`<span class="mark ${verdict}" role="img" aria-label="${WORDS[verdict]}">${MARKS[verdict]}</span>`;

/** What a check was seen by. */
export const evidenceList = ({ evidence }: Check): Html | undefined =>
  evidence.length === 0
    ? undefined
    : html`<ul class="evidence">
        ${evidence.map((line) => html`<li>${line}</li>`)}
      </ul>`;

/** Ways to mend, each command in a block of its own that one click selects. */
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

/** `1 container`, told apart from other counts by what follows. */
export const plural = (verdicts: readonly Verdict[], verdict: Verdict): number =>
  verdicts.filter((one) => one === verdict).length;
