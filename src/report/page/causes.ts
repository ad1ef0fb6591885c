import type { Check, Diagnosis } from '../../doctor/diagnosis.ts';
import { mattersOf } from '../doctor/words.ts';
import { html, type Html } from './html.ts';
import { evidenceList, remedyList } from './parts.ts';

/** The causes, in the order to fix them; for CANNOT TELL, what could not be checked. */
export function causesSection(diagnosis: Diagnosis): Html | undefined {
  const matters = mattersOf(diagnosis);
  if (matters.length === 0) return undefined;
  const [title, lead] =
    diagnosis.verdict === 'unknown'
      ? ['What could not be checked', 'As long as it could not, this page does not mean that all is well.']
      : [
          'Causes',
          'Failed checks that no other failed check explains. Repair the first one, then run doctor again.',
        ];
  return html`<section aria-labelledby="causes">
    <h2 id="causes">${title}</h2>
    <p class="lead">${lead}</p>
    ${matters.map((check, index) => causeCard(check, matters.length > 1 ? index + 1 : 0))}
  </section>`;
}

/**
 * One cause, with its evidence and what to type.
 *
 * @param number - 0 for the only one
 * @param at - of two hosts: where the cause is, and the host to type at
 */
export function causeCard(
  check: Check,
  number: number,
  at?: { readonly place: string; readonly host: string },
): Html {
  const { verdict, title, meaning, impairs } = check;
  const affected = impairs === 'all' ? 'all containers' : (impairs ?? []).join(', ');
  return html`<article class="card cause ${verdict}">
    <h3>
      ${number > 0 ? html`<span class="number">${number}</span>` : undefined}${at === undefined ? '' : `${at.place}: `}${title}
    </h3>
    ${meaning === '' ? undefined : html`<p>${meaning}</p>`}
    ${affected === '' ? undefined : html`<p class="soft small">Affects ${affected}.</p>`}
    ${
      check.evidence.length === 0
        ? undefined
        : html`<h4>Evidence</h4>
            ${evidenceList(check)}`
    }
    ${
      check.remedies.length === 0
        ? undefined
        : html`<h4>How to fix it${at === undefined ? '' : `, on ${at.host}`}, as root</h4>
            ${remedyList(check)}`
    }
  </article>`;
}
