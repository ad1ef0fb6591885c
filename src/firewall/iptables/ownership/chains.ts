import { chainTargetOf, jumpGraph } from '../text/jumps.ts';
import type { Rule, Table } from '../text/model.ts';
import { DOCKER_CHAINS, USER_CHAIN } from './chain-shapes.ts';
import type { Level } from './purpose.ts';

/** Not DOCKER_OUTPUT and DOCKER_POSTROUTING: those belong to the resolver of a container that uses the host's network. */
const DOCKER_NAME = /^DOCKER(?![_A-Za-z0-9])/;
/** Engines up to 23 on ancient kernels give each overlay network a chain, to which DOCKER-OVERLAY jumps. */
const OVERLAY_NETWORK = /^[0-9a-f]{12}$/;

/** No Engine ever writes these (docs/reference/docker-iptables.md#ownership). */
const NEVER_DOCKERS =
  / -m (?:comment|limit|hashlimit|multiport|iprange|recent|set) | -j (?:LOG|NFLOG|REJECT)\b| -g /;

/** Whether a chain's name says that an Engine made it. Anyone can give such a name. */
export function looksDockers(chain: string): boolean {
  return DOCKER_NAME.test(chain);
}

/** Whether no Engine, old or new, would write such a rule. */
export function neverDockers(rule: Rule): boolean {
  return NEVER_DOCKERS.test(rule.text);
}

/** The level of a chain of Docker's. */
export function chainLevel(chain: string): Level {
  if (chain === 'DOCKER-INGRESS') return 'ingress';
  return chain === 'DOCKER-OVERLAY' || OVERLAY_NETWORK.test(chain) ? 'overlay' : 'daemon';
}

/**
 * DOCKER* chains of an Engine newer than this program, and chains of single overlay networks, found by following the jumps
 * of Docker's own chains.
 *
 * @param known - the chains that are Docker's by name
 */
export function unknownChains(table: Table, known: ReadonlySet<string>): ReadonlySet<string> {
  const unknown = new Set<string>();
  const isCandidate = (name: string): boolean =>
    !known.has(name) && name !== USER_CHAIN && (looksDockers(name) || OVERLAY_NETWORK.test(name));
  if (![...table.chains.keys()].some(isCandidate)) return unknown;
  const graph = jumpGraph(table, (rule) => !neverDockers(rule));
  const queue = [...known].filter((name) => table.chains.has(name));
  for (let from = queue.pop(); from !== undefined; from = queue.pop()) {
    for (const to of graph.get(from) ?? []) {
      const fits = looksDockers(to) || (from === 'DOCKER-OVERLAY' && OVERLAY_NETWORK.test(to));
      if (!fits || known.has(to) || unknown.has(to) || to === USER_CHAIN) continue;
      unknown.add(to);
      queue.push(to);
    }
  }
  return unknown;
}

/**
 * Whether a rule of one of Docker's chains jumps to a chain of a newer Engine, or to an overlay network's. Jumps to known
 * chains have known texts and are recognised by those.
 */
export function leadsToUnknown(table: Table, rule: Rule): boolean {
  const target = chainTargetOf(table, rule.text);
  if (target === undefined || target === USER_CHAIN || DOCKER_CHAINS[table.name]?.includes(target) === true)
    return false;
  return looksDockers(target) || (rule.chain === 'DOCKER-OVERLAY' && OVERLAY_NETWORK.test(target));
}
