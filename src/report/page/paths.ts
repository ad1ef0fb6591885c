import type { Diagnosis, NamedPath } from '../../doctor/diagnosis.ts';
import { endWords, pathWords } from '../doctor/words.ts';
import { count } from '../text.ts';
import type { Filter } from './filter.ts';
import { html, type Html } from './html.ts';
import { chip } from './parts.ts';
import { pathCard, pathDrawing } from './way.ts';

/** Up to so many paths each has a card of its own. */
const FEW = 12;
/** How many broken paths are expanded: further ones look alike. */
const UNFOLDED = 4;

const KINDS: Readonly<Record<NamedPath['kind'], string>> = {
  published: 'From outside to published ports',
  outbound: 'From containers to the outside and to their name servers',
  'same-network': 'Between containers of one network',
  'other-network': 'Between networks',
  host: 'From this host, and to its own addresses',
};

const isAnswer = ({ name }: NamedPath): boolean => name.endsWith(' (answer)');

/** Paths that fare alike. */
interface AlikePaths {
  readonly title: string;
  readonly paths: readonly NamedPath[];
}

/** Every path: broken ones first; where there are many, those that fare alike together, with one of them drawn. */
export function pathsSection({ paths }: Diagnosis, filter: Filter): Html | undefined {
  if (paths.length === 0) return undefined;
  const rank = ({ verdict }: NamedPath): number => RANK[verdict];
  const sorted = paths.toSorted((a, b) => rank(a) - rank(b));
  return html`<section aria-labelledby="ways">
    <h2 id="ways">Packet paths</h2>
    <p class="lead">
      Each path through the hooks of this host, with every rule that decides something. What stops a packet is
      marked.${paths.length > FEW ? ' Paths that fare alike stand together, and one of them is drawn; doctor --verbose follows each, rule by rule.' : ''}
    </p>
    ${
      paths.length <= FEW
        ? sorted.map((path, index) => pathCard(path, index < UNFOLDED))
        : alike(sorted).map((group, index) => groupCard(group, index < UNFOLDED, filter))
    }
  </section>`;
}

const RANK = { fail: 0, unknown: 1, warn: 2, ok: 3 } as const;

function alike(sorted: readonly NamedPath[]): readonly AlikePaths[] {
  const groups = new Map<string, NamedPath[]>();
  for (const path of sorted) {
    const title = titleOf(path);
    groups.set(title, [...(groups.get(title) ?? []), path]);
  }
  return [...groups].map(([title, paths]) => ({ title, paths }));
}

/** What those that fare alike have in common. */
function titleOf(named: NamedPath): string {
  const { verdict, kind, flaw, path, shouldPass } = named;
  if (verdict === 'ok') return `${KINDS[kind]}${shouldPass ? '' : ': closed, as they should be'}`;
  const { text } = endWords(path.end);
  // Whom a path's own addresses name, others of its kind do not share.
  const what = flaw === '' ? text : flaw.replaceAll(/[\da-f]+[.:][\da-f.:]+/g, 'ADDRESS');
  return `${KINDS[kind]}: ${what}`;
}

function groupCard({ title, paths }: AlikePaths, mayOpen: boolean, { classesOf }: Filter): Html {
  const [first] = paths;
  if (first === undefined) return html``;
  const { verdict } = first;
  const fine = verdict === 'ok';
  const listed = paths.filter((path) => !fine || !isAnswer(path));
  const number = fine ? `${count(listed.length, 'path')}, and the answers` : count(paths.length, 'path');
  return html`<details
    class="card path ${verdict} ${fine ? 'fine' : ''} ${classesOf(paths.flatMap(({ subjects }) => subjects))}"
    ${fine || !mayOpen ? undefined : { html: 'open' }}
  >
    <summary class="turn">
      <h3>${title}</h3>
      <span class="soft small">${number}</span>
      ${chip(verdict, pathWords(first))}
    </summary>
    <div class="inner">
      <ul class="alike">
        ${listed.map(({ name, subjects }) => html`<li class="${classesOf(subjects)}">${name}</li>`)}
      </ul>
      <h4>One of them: ${first.name}</h4>
      ${pathDrawing(first)}
    </div>
  </details>`;
}
