import type { Diagnosis } from '../../doctor/diagnosis.ts';
import { html, type Html } from './html.ts';

/** Below so many networks, and so many containers, nothing needs to be filtered. */
const FEW_NETWORKS = 2;
const FEW_CONTAINERS = 12;

/** Which parts of the page belong to which network. Names never get into classes: they are hostile; numbers do. */
export interface Filter {
  /** Classes of a part that is about these containers and networks; '' for one that is shown whatever is chosen. */
  readonly classesOf: (subjects: readonly string[]) => string;
  /** Style that hides what is not chosen; '' where there is nothing to choose. */
  readonly style: string;
  /** What it is chosen by; undefined where there is nothing to choose. */
  readonly controls: Html | undefined;
}

/** Makes the filter of a page by network and by verdict: two groups of radio buttons, and no script. */
export function filterOf({ tree }: Diagnosis): Filter {
  const networks = tree.filter(({ ports, network }) => ports.length > 0 && network !== '');
  const containers = networks.reduce((sum, { ports }) => sum + ports.length, 0);
  const byName = new Map<string, Set<number>>();
  const add = (name: string, index: number): void => {
    byName.set(name, (byName.get(name) ?? new Set()).add(index));
  };
  for (const [index, { network, ports }] of networks.entries()) {
    add(network, index);
    for (const { container } of ports) if (container !== '') add(container, index);
  }
  const classesOf = (subjects: readonly string[]): string => {
    const found = new Set(subjects.flatMap((name) => [...(byName.get(name) ?? [])]));
    return found.size === 0 ? '' : ['of', ...[...found].map((index) => `n${String(index)}`)].join(' ');
  };
  if (networks.length < FEW_NETWORKS && containers < FEW_CONTAINERS)
    return { classesOf, style: '', controls: undefined };
  const choices: readonly Choice[] = [
    { group: 'net', id: 'every', text: 'all' },
    ...networks.map(({ network }, index) => ({ group: 'net', id: `net${String(index)}`, text: network })),
    { group: 'only', id: 'everything', text: 'everything' },
    { group: 'only', id: 'bad', text: 'trouble only' },
  ];
  const hidden = [
    ...networks.map(
      (_, index) => `#net${String(index)}:checked ~ section .of:not(.n${String(index)}) { display: none; }`,
    ),
    '#bad:checked ~ section .fine { display: none; }',
  ];
  const labels = choices.flatMap(({ id }) => [
    `#${id}:checked ~ .filter label[for=${id}] { border-color: var(--ink); background: var(--ink); color: var(--paper); }`,
    `#${id}:focus-visible ~ .filter label[for=${id}] { outline: 2px solid var(--unknown); outline-offset: 2px; }`,
  ]);
  const labelsOf = (group: string): readonly Html[] =>
    choices
      .filter((one) => one.group === group)
      .map(({ id, text }) => html`<label for="${id}">${text}</label>`);
  return {
    classesOf,
    // On a screen alone: paper shows all. What is chosen stands before what it hides, for `:has` makes a browser print for minutes.
    style: `@media screen { ${[...hidden, ...labels].join('\n')} }`,
    controls: html`${choices.map(input)}
      <div class="filter">
        <p><b>Network</b> ${labelsOf('net')}</p>
        <p><b>Show</b> ${labelsOf('only')}</p>
      </div>`,
  };
}

interface Choice {
  readonly group: string;
  readonly id: string;
  readonly text: string;
}

/** What a reader chooses first of all. */
const CHOSEN: ReadonlySet<string> = new Set(['every', 'everything']);

const input = ({ group, id }: Choice): Html =>
  html`<input
    class="choice"
    type="radio"
    name="${group}"
    id="${id}"
    ${CHOSEN.has(id) ? { html: 'checked' } : undefined}
  />`;
