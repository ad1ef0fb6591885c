import type { Check, Diagnosis } from '../../doctor/diagnosis.ts';
import { mattersOf } from '../doctor-words.ts';
import { html, type Html } from './html.ts';
import { evidenceList, remedyList } from './parts.ts';

/** The causes, the first to mend first; where it cannot be told, what could not be looked at. */
export function causesSection(diagnosis: Diagnosis): Html | undefined {
  const matters = mattersOf(diagnosis);
  if (matters.length === 0) return undefined;
  const [title, lead] =
    diagnosis.verdict === 'unknown'
      ? ['What could not be looked at', 'Until it can be, nothing here says that all is well.']
      : ['Causes', 'What nothing else explains. Mend the first one first, then look again.'];
  return html`<section aria-labelledby="causes">
    <h2 id="causes">${title}</h2>
    <p class="lead">${lead}</p>
    ${matters.map((check, index) => causeCard(check, matters.length > 1 ? index + 1 : 0))}
  </section>`;
}

function causeCard(check: Check, number: number): Html {
  const { verdict, title, meaning, impairs } = check;
  const hurt = impairs === 'all' ? 'all containers' : (impairs ?? []).join(', ');
  return html`<article class="card cause ${verdict}">
    <h3>${number > 0 ? html`<span class="number">${number}</span>` : undefined}${title}</h3>
    ${meaning === '' ? undefined : html`<p>${meaning}</p>`}
    ${hurt === '' ? undefined : html`<p class="soft small">Hurts ${hurt}.</p>`}
    ${
      check.evidence.length === 0
        ? undefined
        : html`<h4>Seen by</h4>
            ${evidenceList(check)}`
    }
    ${
      check.remedies.length === 0
        ? undefined
        : html`<h4>How to mend it, as root</h4>
            ${remedyList(check)}`
    }
  </article>`;
}
