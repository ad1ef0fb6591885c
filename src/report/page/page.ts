import type { Diagnosis } from '../../doctor/diagnosis.ts';
import { MARKS, mattersOf, subjectWords, tallyWords, VERDICT_WORDS, verdictWords } from '../doctor/words.ts';
import { causesSection } from './causes.ts';
import { checksSection } from './checks.ts';
import { html, type Html } from './html.ts';
import { mapSection } from './map.ts';
import { DRAWINGS, STYLE } from './style.ts';
import { filterOf } from './filter.ts';
import { pathsSection } from './paths.ts';
import { reachSection, type ReachSummary } from './reach.ts';

/** When, where and by what a page was made: it is read elsewhere and later. */
export interface PageAbout {
  readonly host: string;
  /** As it is to be read: `2026-11-22 03:12:44 UTC`. */
  readonly time: string;
  /** Version of rulesguard. */
  readonly version: string;
}

/** Nothing is fetched, run or sent, whatever a rule's comment contains. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * A diagnosis as one self-contained HTML page: for a ticket, a phone, or paper.
 *
 * @param reach - who reaches what; undefined where that could not be asked
 * @returns the whole document, ASCII and UTF-8, to be written as UTF-8
 */
export function doctorPage(diagnosis: Diagnosis, about: PageAbout, reach?: ReachSummary): string {
  const filter = filterOf(diagnosis);
  const word = VERDICT_WORDS[diagnosis.verdict];
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="referrer" content="no-referrer" />
      <meta name="robots" content="noindex" />
      <title>${word}: ${subjectWords(diagnosis)} · ${about.host} · ${about.time}</title>
      <style>
        ${{ html: `${STYLE}${DRAWINGS}${filter.style}` }}
      </style>
    </head>
    <body>
      <div class="page">
        ${header(diagnosis, about, reach)}
        <main>
          ${reachSection(reach)} ${causesSection(diagnosis)} ${filter.controls}
          ${mapSection(diagnosis, filter)} ${pathsSection(diagnosis, filter)} ${checksSection(diagnosis)}
        </main>
        <footer>
          Made by rulesguard ${about.version} on ${about.host}, ${about.time}. Nothing on this page is loaded
          from anywhere.
        </footer>
      </div>
    </body>
  </html>`;
  return `<!doctype html>\n${page.html}\n`;
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

const fact = (name: string, value: string, width = ''): Html =>
  html`<div class="${width}">
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
