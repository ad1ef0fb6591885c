import { holds, type Acceptance } from '../reconcile/accept/acceptance.ts';
import { printable, type Paint } from './text.ts';

const verdict = (word: string, paint: Paint): string => paint('green', paint('bold', word));

/** That a finding was accepted. */
export const acceptedText = ({ id, headline, until, reason }: Acceptance, paint: Paint): string =>
  [
    printable(`${id}  ${headline}`),
    printable(`until ${until}, the end of that day in UTC: ${reason}`),
    'check reports it again after that day, or when other ways or another rule are concerned.',
  ]
    .map((line, i) => (i === 0 ? `${verdict('ACCEPTED', paint)}  ${line}\n` : `  ${line}\n`))
    .join('');

/** That an acceptance was taken back. */
export const withdrawnText = ({ id, headline }: Acceptance, paint: Paint): string =>
  `${verdict('REMOVED', paint)}  ${printable(`${id}  ${headline}`)}: check reports it again\n`;

/** What was accepted, the oldest first. @param today - `YYYY-MM-DD`, in UTC */
export function acceptedList(accepted: readonly Acceptance[], today: string, paint: Paint): string {
  if (accepted.length === 0) return 'Nothing was accepted. The ids of findings are in: rulesguard check\n';
  return accepted
    .map((one) => {
      const { id, until, headline, reason, by, accepted: at } = one;
      const state = holds(one, today) ? `until ${until}` : paint('yellow', `expired ${until}`);
      return `${id}  ${state}  ${printable(headline)}\n        ${paint('dim', printable(`${by}, ${at.slice(0, 10)}: ${reason}`))}\n`;
    })
    .join('');
}
