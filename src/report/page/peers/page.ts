import type { PeerDiagnosis, PeersDiagnosis } from '../../../doctor/peers/peer.ts';
import { basisWords, MARKS, VERDICT_WORDS } from '../../doctor/words.ts';
import { besidesOf, isNote, placeWords, subjectWords, sumWords, UNSEEN } from '../../peers/words.ts';
import { causeCard } from '../causes.ts';
import { checkList } from '../checks.ts';
import { capital, fact, pageFrame, sentence, type PageAbout } from '../frame.ts';
import { html, type Html } from '../html.ts';
import { DRAWINGS } from '../style.ts';
import { PEERS_STYLE } from './style.ts';
import { rulesSection } from './rules.ts';
import { twoWaysSection } from './ways.ts';

/**
 * A diagnosis of two hosts as one self-contained HTML page: the verdict, each cause with the host to type at, both hosts and the wire between
 * them, there and back.
 *
 * @param about - where and when the page was made; each host's facts have a time of their own
 * @returns the whole document, to be written as UTF-8
 */
export function peersPage(diagnosis: PeersDiagnosis, about: PageAbout): string {
  return pageFrame(
    {
      title: `${VERDICT_WORDS[diagnosis.verdict]}: ${subjectWords(diagnosis)} · ${about.time}`,
      style: `${DRAWINGS}${PEERS_STYLE}`,
      about,
    },
    html`${header(diagnosis)}
      <main>
        ${causesSection(diagnosis)} ${twoWaysSection(diagnosis)} ${notesSection(diagnosis)}
        ${rulesSection(diagnosis)} ${besidesSection(diagnosis)}
      </main>`,
  );
}

function header(diagnosis: PeersDiagnosis): Html {
  const { verdict, causes, legs } = diagnosis;
  return html`<header>
    <p class="eyebrow">rulesguard doctor, two hosts</p>
    <div class="verdict ${verdict}">
      <p class="word"><span aria-hidden="true">${MARKS[verdict]}</span> ${VERDICT_WORDS[verdict]}</p>
      <h1>${subjectWords(diagnosis)}</h1>
      <p class="say">${sentence(sumWords(diagnosis))}</p>
      ${verdict === 'ok' ? html`<p class="say soft">${UNSEEN.replaceAll('\n', ' ')}</p>` : undefined}
    </div>
    ${hostFacts('Asks', diagnosis.asking)} ${hostFacts('Is asked', diagnosis.asked)}
    <nav class="toc" aria-label="On this page">
      ${causes.length === 0 ? undefined : html`<a href="#causes">${verdict === 'fail' ? 'Causes' : 'Not known'}</a>`}
      <a href="#way">The way there and back</a>
      ${legs.some(({ path }) => path !== undefined) ? html`<a href="#rules">Rule by rule</a>` : undefined}
    </nav>
  </header>`;
}

/** Whose facts these are, when they were read, and by what. */
const hostFacts = (role: string, { about: { host, time, program }, diagnosis }: PeerDiagnosis): Html =>
  html`<dl class="facts">
    ${fact(role, host)} ${fact('Facts read', `${time.slice(0, 19).replace('T', ' ')} UTC`)}
    ${fact('Engine', basisWords(diagnosis))} ${fact('By rulesguard', program)}
  </dl>`;

function causesSection({ causes, verdict }: PeersDiagnosis): Html | undefined {
  if (causes.length === 0) return undefined;
  const [title, lead] =
    verdict === 'fail'
      ? ['Causes', 'In the order the packet meets them. Repair the first one on its host, then ask again.']
      : ['What is not known', 'As long as it is not, this page does not mean that all is well.'];
  return html`<section aria-labelledby="causes">
    <h2 id="causes">${title}</h2>
    <p class="lead">${lead}</p>
    ${causes.map((cause, at) =>
      causeCard(cause.check, causes.length > 1 ? at + 1 : 0, {
        place: capital(placeWords(cause)),
        host: cause.host,
      }),
    )}
  </section>`;
}

/** What is to be known of the facts themselves: their age, and by which versions they were written. */
function notesSection({ between }: PeersDiagnosis): Html | undefined {
  const notes = between.filter(isNote);
  if (notes.length === 0) return undefined;
  return html`<section aria-labelledby="notes">
    <h2 id="notes">About what was read and sent</h2>
    ${checkList(notes, [])}
  </section>`;
}

function besidesSection(diagnosis: PeersDiagnosis): Html | undefined {
  const hosts = [diagnosis.asking, diagnosis.asked]
    .map((peer) => ({ host: peer.about.host, checks: besidesOf(peer, diagnosis) }))
    .filter(({ checks }) => checks.length > 0);
  if (hosts.length === 0) return undefined;
  return html`<section aria-labelledby="besides">
    <h2 id="besides">Besides</h2>
    <p class="lead">What else is not well on either host. It does not stop these packets.</p>
    ${hosts.map(
      ({ host, checks }) =>
        html`<details class="section">
          <summary class="turn">
            <h3>On ${host}</h3>
            <span class="soft small">${checks.length}</span>
          </summary>
          ${checkList(checks, [])}
        </details>`,
    )}
  </section>`;
}
