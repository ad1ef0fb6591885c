import type { Diagnosis } from '../../doctor/diagnosis.ts';
import { MARKS, mattersOf, subjectWords, tallyWords, VERDICT_WORDS, verdictWords } from '../doctor/words.ts';
import { causesSection } from './causes.ts';
import { checksSection } from './checks.ts';
import { html, type Html } from './html.ts';
import { mapSection } from './map.ts';
import { DRAWINGS } from './style.ts';
import { fact, pageFrame, sentence, type PageAbout } from './frame.ts';
import { filterOf } from './filter.ts';
import { pathsSection } from './paths.ts';
import { reachSection, type ReachSummary } from './reach.ts';

/**
 * A diagnosis as one self-contained HTML page: for a ticket, a phone, or paper.
 *
 * @param reach - who reaches what; undefined where that could not be asked
 * @returns the whole document, ASCII and UTF-8, to be written as UTF-8
 */
export function doctorPage(diagnosis: Diagnosis, about: PageAbout, reach?: ReachSummary): string {
  const filter = filterOf(diagnosis);
  const word = VERDICT_WORDS[diagnosis.verdict];
  return pageFrame(
    {
      title: `${word}: ${subjectWords(diagnosis)} · ${about.host} · ${about.time}`,
      style: `${DRAWINGS}${filter.style}`,
      about,
    },
    html`${header(diagnosis, about, reach)}
      <main>
        ${reachSection(reach)} ${causesSection(diagnosis)} ${filter.controls} ${mapSection(diagnosis, filter)}
        ${pathsSection(diagnosis, filter)} ${checksSection(diagnosis)}
      </main>`,
  );
}

function header(diagnosis: Diagnosis, about: PageAbout, reach: ReachSummary | undefined): Html {
  const { verdict, engine, variant, firewallBackend } = diagnosis;
  const isNative = firewallBackend.startsWith('nftables');
  return html`<header>
    <p class="eyebrow">rulesguard doctor</p>
    <div class="verdict ${verdict}">
      <p class="word"><span aria-hidden="true">${MARKS[verdict]}</span> ${VERDICT_WORDS[verdict]}</p>
      <h1>
        ${subjectWords(diagnosis)}${diagnosis.target.kind === 'host' ? html`: ${about.host}` : html` <span class="soft">on ${about.host}</span>`}
      </h1>
      <p class="say">${sentence(verdictWords(diagnosis))}</p>
    </div>
    <dl class="facts">
      ${fact('Host', about.host)} ${fact('Time', about.time)}
      ${fact('Engine', engine === '' ? 'no answer' : engine)}
      ${isNative ? fact('Firewall backend', firewallBackend) : fact('iptables', variant === '' ? 'not read' : variant)}
      ${fact('Checked', tallyWords(diagnosis), 'wide')}
    </dl>
    <nav class="toc" aria-label="On this page">
      ${reach === undefined ? undefined : html`<a href="#reach">Who reaches what</a>`}
      ${mattersOf(diagnosis).length === 0 ? undefined : html`<a href="#causes">${verdict === 'unknown' ? 'Not read' : 'Causes'}</a>`}
      ${diagnosis.tree.length === 0 ? undefined : html`<a href="#map">Networks and containers</a>`}
      ${diagnosis.paths.length === 0 ? undefined : html`<a href="#ways">Packet paths</a>`}
      <a href="#checks">All checks</a>
    </nav>
  </header>`;
}
