import type { StateResult } from './campaign.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(part === 0 || part === whole ? 0 : 1)} %`;
const rowOf = (words: readonly (string | number)[]): string =>
  `| ${words.map((word) => (typeof word === 'number' ? word.toLocaleString('en') : word)).join(' | ')} |`;

const HEAD = [
  ...['states', 'change a cell', 'cut some', 'open some', 'cells', 'opened', 'cut', 'address hidden'],
  ...['unknown', 'not measured', 'refuted'],
];

function line(first: readonly string[], results: readonly StateResult[]): string {
  const of = (key: 'cells' | 'opened' | 'cut' | 'hidden' | 'unknown' | 'unmeasured'): number =>
    sum(results.map((one) => one[key]));
  const changing = results.filter(({ opened, cut, hidden }) => opened + cut + hidden > 0);
  return rowOf([
    ...first,
    results.length,
    `${String(changing.length)} (${percent(changing.length, results.length)})`,
    results.filter(({ cut, hidden }) => cut + hidden > 0).length,
    results.filter(({ opened }) => opened > 0).length,
    of('cells'),
    of('opened'),
    of('cut'),
    of('hidden'),
    `${String(of('unknown'))} (${percent(of('unknown'), of('cells'))})`,
    of('unmeasured'),
    sum(results.map(({ refuted }) => refuted.length)),
  ]);
}

/** The table of docs/evidence/reachability.md. */
export function reportOf(results: readonly StateResult[]): string {
  const eras = [...new Set(results.map(({ era }) => era))].sort();
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const lines = [
    rowOf(['Engine', 'kind of state', ...HEAD]),
    rowOf(['---', '---', ...HEAD.map(() => '---')]),
    ...eras.flatMap((era) =>
      kinds.flatMap((kind) => {
        const some = results.filter((one) => one.era === era && one.kind === kind);
        return some.length === 0 ? [] : [line([era, kind], some)];
      }),
    ),
    line(['all', ''], results),
  ];
  const wrong = results.flatMap(({ era, name, refuted }) =>
    refuted.map((one) => `- ${era}, \`${name}\`: ${one}`),
  );
  return `${lines.join('\n')}\n${wrong.length === 0 ? '' : `\nRefuted:\n\n${wrong.join('\n')}\n`}`;
}
