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

const REMEDY_HEAD = [
  ...[
    'states',
    'offered',
    'executed',
    'not here',
    'worked',
    'failed',
    'opened something',
    'causes with words alone',
  ],
  ...['advice followed', 'all well', 'words left', 'cannot tell', 'wrong'],
];

/** What became of all that was offered. */
function remedyLine(first: readonly string[], results: readonly StateResult[]): string {
  const tried = results.flatMap(({ remedies }) => remedies.tried);
  const became = (...which: readonly string[]): number =>
    tried.filter((one) => which.includes(one.became)).length;
  const advice = results.map(({ remedies }) => remedies.advice.ended).filter((ended) => ended !== 'none');
  const ended = (which: string): number => advice.filter((one) => one === which).length;
  return rowOf([
    ...first,
    results.filter(({ remedies }) => remedies.tried.length > 0).length,
    tried.length,
    became('worked', 'failed', 'opened'),
    ...[became('not here'), became('worked'), became('failed'), became('opened')],
    sum(results.map(({ remedies }) => remedies.words)),
    ...[advice.length, ended('well'), ended('words'), ended('unknown'), ended('wrong')],
  ]);
}

/** The tables of docs/evidence/reachability.md. */
export function reportOf(results: readonly StateResult[]): string {
  const eras = [...new Set(results.map(({ era }) => era))].sort();
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const tableOf = (head: readonly string[], lineOf: typeof line): string =>
    [
      rowOf(['Engine', 'kind of state', ...head]),
      rowOf(['---', '---', ...head.map(() => '---')]),
      ...eras.flatMap((era) =>
        kinds.flatMap((kind) => {
          const some = results.filter((one) => one.era === era && one.kind === kind);
          return some.length === 0 ? [] : [lineOf([era, kind], some)];
        }),
      ),
      lineOf(['all', ''], results),
    ].join('\n');
  const wrong = results.flatMap(({ era, name, refuted, verdicts, remedies: { tried, advice } }) =>
    [
      ...refuted,
      ...verdicts.wrong,
      ...tried.flatMap((one) => one.wrong.map((why) => `${one.commands.join('; ')}: ${why}`)),
      ...advice.wrong,
    ].map((one) => `- ${era}, \`${name}\`: ${one}`),
  );
  const tables = `${tableOf(HEAD, line)}\n\n${tableOf(REMEDY_HEAD, remedyLine)}\n`;
  return `${tables}${wrong.length === 0 ? '' : `\nRefuted:\n\n${wrong.join('\n')}\n`}`;
}
