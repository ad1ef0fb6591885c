import type { CheckCode } from '../codes.ts';
import type { Check, Remedy, CheckSection, CheckVerdict } from '../diagnosis.ts';

/** What most checks leave empty. */
interface CheckDetails {
  readonly about?: string;
  readonly meaning?: string;
  readonly evidence?: readonly string[];
  readonly remedies?: readonly Remedy[];
  readonly impairs?: Check['impairs'];
  readonly always?: boolean;
}

type Maker = (code: CheckCode, title: string, facets?: CheckDetails) => Check;

const maker =
  (section: CheckSection, verdict: CheckVerdict): Maker =>
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
export const checksOf = (section: CheckSection): Readonly<Record<CheckVerdict, Maker>> => ({
  ok: maker(section, 'ok'),
  warn: maker(section, 'warn'),
  fail: maker(section, 'fail'),
  unknown: maker(section, 'unknown'),
});

/** `web`, `web and api`, `web, api and 3 more`. */
export function listNames(names: readonly string[], most = 3): string {
  const [last = '', ...rest] = [...names].reverse();
  if (names.length <= 1) return last;
  if (names.length <= most) return `${rest.reverse().join(', ')} and ${last}`;
  return `${names.slice(0, most - 1).join(', ')} and ${String(names.length - most + 1)} more`;
}
