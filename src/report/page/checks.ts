import { SECTIONS, VERDICTS, type Check, type Diagnosis, type CheckSection } from '../../doctor/diagnosis.ts';
import { mattersOf, SECTION_TITLES } from '../doctor/words.ts';
import { count } from '../text.ts';
import { html, type Html } from './html.ts';
import { chip, evidenceList, mark, countOf, remedyList, WORDS } from './parts.ts';

/** Every check by section; sections in which all is ok are collapsed. */
export function checksSection(diagnosis: Diagnosis): Html {
  const isCause = mattersOf(diagnosis);
  return html`<section aria-labelledby="checks">
    <h2 id="checks">All checks</h2>
    <p class="lead">Sections without a problem are collapsed.</p>
    ${SECTIONS.map((section) =>
      sectionPart(
        section,
        diagnosis.checks.filter((check) => check.section === section),
        isCause,
      ),
    )}
  </section>`;
}

function sectionPart(
  section: CheckSection,
  checks: readonly Check[],
  isCause: readonly Check[],
): Html | undefined {
  if (checks.length === 0) return undefined;
  const verdicts = checks.map(({ verdict }) => verdict);
  const fine = verdicts.every((verdict) => verdict === 'ok');
  return html`<details class="section ${fine ? 'fine' : ''}" ${fine ? undefined : { html: 'open' }}>
    <summary class="turn">
      <h3>${SECTION_TITLES[section]}</h3>
      ${VERDICTS.map((verdict) => {
        const number = countOf(verdicts, verdict);
        return number === 0 ? undefined : chip(verdict, `${String(number)} ${WORDS[verdict]}`);
      })}
    </summary>
    ${checkList(
      worstFirst(checks).filter(({ verdict }) => fine || verdict !== 'ok'),
      isCause,
    )}
    ${fine ? undefined : restOfSection(checks.filter(({ verdict }) => verdict === 'ok'))}
  </details>`;
}

/** Checks, each with its mark. */
export const checkList = (checks: readonly Check[], isCause: readonly Check[]): Html =>
  html`<ul class="checks">
    ${checks.map((check) => checkItem(check, isCause.includes(check)))}
  </ul>`;

/** What is well beside trouble: there to be looked up, and not in the way. */
function restOfSection(checks: readonly Check[]): Html | undefined {
  if (checks.length === 0) return undefined;
  return html`<details class="fine rest">
    <summary class="turn soft small">${count(checks.length, 'check')} ok</summary>
    ${checkList(checks, [])}
  </details>`;
}

const RANK = { fail: 0, warn: 1, unknown: 2, ok: 3 };
const worstFirst = (checks: readonly Check[]): readonly Check[] =>
  checks.toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict]);

function checkItem(check: Check, isCause: boolean): Html {
  const { verdict, title, meaning, code } = check;
  return html`<li class="${verdict}">
    ${mark(verdict)}
    <div class="body">
      <div>
        ${title} <code class="code">${code}</code>${
          isCause ? html` <a class="small" href="#causes">see above</a>` : undefined
        }
      </div>
      ${isCause || meaning === '' ? undefined : html`<p class="soft">${meaning}</p>`}
      ${isCause ? undefined : evidenceList(check)} ${isCause ? undefined : remedyList(check)}
    </div>
  </li>`;
}
