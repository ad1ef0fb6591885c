import { SECTIONS, VERDICTS, type Check, type Diagnosis, type Section } from '../../doctor/diagnosis.ts';
import { mattersOf, SECTION_TITLES } from '../doctor-words.ts';
import { html, type Html } from './html.ts';
import { chip, evidenceList, mark, plural, remedyList, WORDS } from './parts.ts';

/** Every check by section; sections in which all is ok are folded. */
export function checksSection(diagnosis: Diagnosis): Html {
  const told = mattersOf(diagnosis);
  return html`<section aria-labelledby="checks">
    <h2 id="checks">All checks</h2>
    <p class="lead">What was looked at. Where all is well, the list is folded.</p>
    ${SECTIONS.map((section) =>
      sectionPart(
        section,
        diagnosis.checks.filter((check) => check.section === section),
        told,
      ),
    )}
  </section>`;
}

function sectionPart(section: Section, checks: readonly Check[], told: readonly Check[]): Html | undefined {
  if (checks.length === 0) return undefined;
  const verdicts = checks.map(({ verdict }) => verdict);
  const fine = verdicts.every((verdict) => verdict === 'ok');
  return html`<details class="section" ${fine ? undefined : { html: 'open' }}>
    <summary class="turn">
      <h3>${SECTION_TITLES[section]}</h3>
      ${VERDICTS.map((verdict) => {
        const number = plural(verdicts, verdict);
        return number === 0 ? undefined : chip(verdict, `${String(number)} ${WORDS[verdict]}`);
      })}
    </summary>
    <ul class="checks">
      ${worstFirst(checks).map((check) => checkItem(check, told.includes(check)))}
    </ul>
  </details>`;
}

const RANK = { fail: 0, warn: 1, unknown: 2, ok: 3 };
const worstFirst = (checks: readonly Check[]): readonly Check[] =>
  checks.toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict]);

function checkItem(check: Check, told: boolean): Html {
  const { verdict, title, meaning, code } = check;
  return html`<li class="${verdict}">
    ${mark(verdict)}
    <div class="body">
      <div>
        ${title} <code class="code">${code}</code>${
          told ? html` <a class="small" href="#causes">told above</a>` : undefined
        }
      </div>
      ${told || meaning === '' ? undefined : html`<p class="soft">${meaning}</p>`}
      ${told ? undefined : evidenceList(check)} ${told ? undefined : remedyList(check)}
    </div>
  </li>`;
}
