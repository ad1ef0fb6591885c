import type { Check, Remedy, Section, Verdict } from './diagnosis.ts';

/** What most checks leave empty. */
interface Facets {
  readonly about?: string;
  readonly meaning?: string;
  readonly evidence?: readonly string[];
  readonly remedies?: readonly Remedy[];
  readonly impairs?: Check['impairs'];
  readonly always?: boolean;
}

type Maker = (code: string, title: string, facets?: Facets) => Check;

const maker =
  (section: Section, verdict: Verdict): Maker =>
  (code, title, { about = '', meaning = '', evidence = [], remedies = [], impairs, always } = {}) => ({
    section,
    code,
    about,
    verdict,
    title,
    meaning,
    evidence,
    remedies,
    ...(impairs === undefined ? {} : { impairs }),
    ...(always === undefined ? {} : { always }),
  });

/** Makes the checks of one section, one function for each verdict. */
export const checksOf = (section: Section): Readonly<Record<Verdict, Maker>> => ({
  ok: maker(section, 'ok'),
  warn: maker(section, 'warn'),
  fail: maker(section, 'fail'),
  unknown: maker(section, 'unknown'),
});

/** A remedy of commands to be typed in order. */
export const type = (what: string, ...commands: readonly string[]): Remedy => ({ what, commands });

/** A remedy that words alone can describe. */
export const advise = (what: string): Remedy => ({ what, commands: [] });

/** `web`, `web and api`, `web, api and 3 more`. */
export function listNames(names: readonly string[], most = 3): string {
  const [last = '', ...rest] = [...names].reverse();
  if (names.length <= 1) return last;
  if (names.length <= most) return `${rest.reverse().join(', ')} and ${last}`;
  return `${names.slice(0, most - 1).join(', ')} and ${String(names.length - most + 1)} more`;
}
