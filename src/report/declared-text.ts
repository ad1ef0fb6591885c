import type { DeclaredFamily } from '../firewall/iptables/desired/declared.ts';
import type { RuleName } from '../firewall/iptables/text/model.ts';
import type { Family } from '../net/family.ts';
import { patch } from './diff.ts';
import { count, place, printable, type Paint } from './text.ts';

interface ChangedDeclaration {
  readonly family: Family;
  readonly before: DeclaredFamily | undefined;
  readonly after: DeclaredFamily;
}

/** What a declaration changes, as a unified diff for each family. */
export const declaredDiff = (families: readonly ChangedDeclaration[]): string =>
  families
    .map(({ family, before, after }) =>
      patch(`${family}/filter/DOCKER-USER`, 'declared', 'live', linesOf(before), linesOf(after)),
    )
    .join('');

const linesOf = (declared: DeclaredFamily | undefined): readonly string[] => [
  ...(declared?.closesForward === true ? [':FORWARD DROP'] : []),
  ...(declared?.rules.map(({ text }) => text) ?? []),
];

/** What became of a declaration. @param paths - the files of the families */
export function declaredText(
  outcome: 'written' | 'unchanged' | 'unwritten',
  families: readonly ChangedDeclaration[],
  paths: readonly string[],
  paint: Paint,
): string {
  const word = (text: string, colour: 'green' | 'yellow'): string => paint(colour, paint('bold', text));
  const rules = count(
    families.reduce((sum, { after }) => sum + after.rules.length, 0),
    'rule',
  );
  const policies = families.some(({ after }) => after.closesForward) ? ' and the policy of FORWARD' : '';
  switch (outcome) {
    case 'unchanged':
      return `${word('UNCHANGED', 'green')}  DOCKER-USER is as declared; nothing written\n`;
    case 'written':
      return `${word('DECLARED', 'green')}  ${rules} of DOCKER-USER${policies}, in ${paths.join(' and ')}; check and restore hold them from now on\n`;
    case 'unwritten':
      return `${word('NOT DECLARED', 'yellow')}  this replaces what is declared. To take the live rules over: rulesguard snapshot --declare --yes. To roll them back: rulesguard restore\n`;
  }
}

/** A rule of DOCKER-USER that is let be. */
export const leftBeText = ({ rule = '', ...where }: RuleName, why: string): string =>
  `not declared, left as is: ${place(where)}: ${printable(rule)}: it ${printable(why)}`;
