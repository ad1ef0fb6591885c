import { html, type Html } from './html.ts';
import { STYLE } from './style.ts';

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
 * A whole document around what a page shows.
 *
 * @param head - `style`: constants of ours alone, for it is not escaped
 * @returns ASCII and UTF-8, to be written as UTF-8
 */
export function pageFrame(
  { title, style, about }: { readonly title: string; readonly style: string; readonly about: PageAbout },
  body: Html,
): string {
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="referrer" content="no-referrer" />
      <meta name="robots" content="noindex" />
      <title>${title}</title>
      <style>
        ${{ html: `${STYLE}${style}` }}
      </style>
    </head>
    <body>
      <div class="page">
        ${body}
        <footer>
          Made by rulesguard ${about.version} on ${about.host}, ${about.time}. Nothing on this page is loaded
          from anywhere.
        </footer>
      </div>
    </body>
  </html>`;
  return `<!doctype html>\n${page.html}\n`;
}

/** One of the facts below the verdict. */
export const fact = (name: string, value: string, width = ''): Html =>
  html`<div class="${width}">
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

/** Words as a sentence begins with them. */
export const capital = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;

/** Words as a sentence. */
export const sentence = (words: string): string => `${capital(words)}.`;
