import {
  SECTIONS,
  type Check,
  type Diagnosis,
  type NamedPath,
  type TreeBridge,
} from '../../doctor/diagnosis.ts';
import type { Path, PathStep } from '../../trace/path.ts';
import {
  COLOURS,
  endWords,
  isEnding,
  isOpen,
  MARKS,
  mattersOf,
  packetsOf,
  packetWords,
  pathWords,
  SECTION_TITLES,
  stepPlace,
  stepRule,
  tallyWords,
} from './words.ts';
import { printable, type Paint } from '../text.ts';

/** Everything below the verdict: causes, checks by section, the tree, and every path rule by rule. */
export function verboseLines(diagnosis: Diagnosis, paint: Paint): readonly string[] {
  const causes = mattersOf(diagnosis);
  const heading =
    diagnosis.verdict === 'unknown' ? 'What could not be checked' : 'Causes, the first to fix first';
  const title = (text: string): readonly string[] => ['', paint('bold', text.toUpperCase())];
  return [
    ...(causes.length === 0
      ? []
      : [...title(heading), ...causes.flatMap((check) => checkLines(check, paint))]),
    ...SECTIONS.flatMap((section) => {
      const checks = diagnosis.checks.filter((check) => check.section === section);
      return checks.length === 0
        ? []
        : [
            ...title(SECTION_TITLES[section]),
            ...checks.flatMap((check) =>
              causes.includes(check) ? printedAbove(check, paint) : checkLines(check, paint),
            ),
          ];
    }),
    ...(diagnosis.tree.length === 0 ? [] : [...title('Tree'), ...treeLines(diagnosis, paint)]),
    ...(diagnosis.paths.length === 0 ? [] : title('Packets, rule by rule')),
    ...diagnosis.paths.flatMap((path) => pathLines(path, paint)),
    '',
    paint('dim', tallyWords(diagnosis)),
  ];
}

function checkLines(check: Check, paint: Paint): readonly string[] {
  const { verdict, title, meaning, evidence, remedies, impairs } = check;
  const mark = paint(COLOURS[verdict], MARKS[verdict]);
  const plain = printable(title);
  return [
    `  ${mark} ${verdict === 'ok' ? plain : paint('bold', plain)}${paint('dim', `  ${check.code}`)}`,
    ...(meaning === '' ? [] : [`      ${printable(meaning)}`]),
    ...evidence.map((line) => paint('dim', `      ${printable(line)}`)),
    ...(impairs === undefined || impairs.length === 0
      ? []
      : [`      affects ${impairs === 'all' ? 'all containers' : printable(impairs.join(', '))}`]),
    ...remedies.flatMap(({ what, commands }) => [
      `      ${printable(what)}${commands.length === 0 ? '' : ':'}`,
      ...commands.map((command) => `        ${paint('bold', printable(command))}`),
    ]),
  ];
}

/** A check that was shown at length already. */
const printedAbove = ({ verdict, title }: Check, paint: Paint): readonly string[] => [
  `  ${paint(COLOURS[verdict], MARKS[verdict])} ${paint('bold', printable(title))}${paint('dim', '  see above')}`,
];

/** A node of the tree: its line, and what hangs on it. */
interface TreeNode {
  readonly line: string;
  readonly below: readonly TreeNode[];
}

/** Draws nodes with box characters. */
function drawn(nodes: readonly TreeNode[], indent: string): readonly string[] {
  return nodes.flatMap(({ line, below }, index) => {
    const last = index === nodes.length - 1;
    return [`${indent}${last ? '└─ ' : '├─ '}${line}`, ...drawn(below, `${indent}${last ? '   ' : '│  '}`)];
  });
}

function treeLines(diagnosis: Diagnosis, paint: Paint): readonly string[] {
  const uplinks = diagnosis.uplinks.map(({ name }) => name);
  return [
    `  host${uplinks.length === 0 ? '' : `, outside by ${printable(uplinks.join(', '))}`}`,
    ...drawn(
      diagnosis.tree.map((bridge) => bridgeNode(bridge, paint)),
      '  ',
    ),
  ];
}

function bridgeNode({ bridge, network, addresses, state, ports }: TreeBridge, paint: Paint): TreeNode {
  return {
    line: [
      paint('bold', printable(bridge)),
      network === '' ? 'not Docker’s' : `network ${printable(network)}`,
      ...addresses.map(printable),
      stateText(state, 'up', paint),
    ].join('  '),
    below: ports.map((port) => ({
      line: [
        port.veth === '' ? 'no veth' : printable(port.veth),
        stateText(port.state, 'forwarding', paint),
        '→',
        port.container === '' ? 'no container' : paint('bold', printable(port.container)),
        ...(port.inside === '' ? [] : [printable(port.inside)]),
        ...port.addresses.map(printable),
      ].join('  '),
      below: port.published.map((line) => ({ line: `published ${printable(line)}`, below: [] })),
    })),
  };
}

/** The usual state is dim, any other stands out. */
const stateText = (state: string, usual: string, paint: Paint): string =>
  state === usual ? paint('dim', state) : paint('red', paint('bold', printable(state).toUpperCase()));

function pathLines(named: NamedPath, paint: Paint): readonly string[] {
  const { verdict, path, flaw } = named;
  const end = endWords(path.end);
  return [
    '',
    `  ${paint(COLOURS[verdict], MARKS[verdict])} ${paint('bold', printable(named.name))}  ${pathWords(named)}`,
    ...(flaw === '' ? [] : [`      ${printable(flaw)}`]),
    paint(
      'dim',
      `      ${packetWords(path.packet)}${path.packet.inInterface === '' ? '' : `, in by ${printable(path.packet.inInterface)}`}`,
    ),
    ...path.steps.flatMap((step, index) => stepLines(step, index, path, paint)),
    `      ${isOpen(path) ? '→' : '■'} ${paint(isOpen(path) ? 'green' : 'red', end.word)}  ${end.text}`,
    paint('dim', `        as ${packetWords(path.last)}`),
  ];
}

function stepLines(step: PathStep, index: number, path: Path, paint: Paint): readonly string[] {
  const again = path.steps[index - 1]?.hook === step.hook;
  const hook = (again ? '' : step.hook).padEnd(11);
  const rule = stepRule(step);
  const packets = packetsOf(step.rule?.counters ?? '');
  const what = printable(step.what);
  const loud = isEnding(index, path);
  return [
    `      ${hook} ${stepPlace(step).padEnd(24)} ${loud ? paint('red', paint('bold', what)) : what}${step.variant === undefined ? '' : paint('dim', `  ${step.variant}`)}`,
    ...(rule === ''
      ? []
      : [`      ${''.padEnd(11)}   ${paint('dim', `${rule}${packets === '' ? '' : `  (${packets})`}`)}`]),
  ];
}
