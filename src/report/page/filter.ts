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
  const rules = networks.map(
    (_, index) => `.page:has(#net${String(index)}:checked) .of:not(.n${String(index)}) { display: none; }`,
  );
  return {
    classesOf,
    // On a screen alone: a browser that prints matches them anew for every element, which takes minutes for a large host.
    style: `@media screen { ${rules.join('\n')}\n.page:has(#bad:checked) .fine { display: none; } }`,
    controls: html`<div class="filter" role="group" aria-label="Show less of what follows">
      <fieldset>
        <legend>Network</legend>
        ${choice('net', 'every', 'all', true)}
        ${networks.map(({ network }, index) => choice('net', `net${String(index)}`, network, false))}
      </fieldset>
      <fieldset>
        <legend>Show</legend>
        ${choice('only', 'everything', 'everything', true)} ${choice('only', 'bad', 'trouble only', false)}
      </fieldset>
    </div>`,
  };
}

const choice = (group: string, id: string, text: string, chosen: boolean): Html =>
  html`<label
    ><input type="radio" name="${group}" id="${id}" ${chosen ? { html: 'checked' } : undefined} /><span
      >${text}</span
    ></label
  >`;
