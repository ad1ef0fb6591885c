import { outcomeWords } from '../../doctor/paths/outcome-words.ts';
import type { Family } from '../../net/family.ts';
import { hostPort } from '../../net/address.ts';
import { outsiderName } from '../../reach/outsiders.ts';
import type { Decider } from '../../reach/judge/decider.ts';
import type { UnaskedWays } from '../../reach/unasked.ts';
import type { AskedFor, Asker, Cell, Is, Leg } from '../../reach/cell.ts';
import { count, printable } from '../text.ts';
import { clipped } from './lines.ts';

/** Who asks, in a few words. */
export function askerWords(asker: Asker): string {
  switch (asker.by) {
    case 'outside':
      return asker.from === 'beyond'
        ? `${outsiderName(asker.address)} by ${asker.interface}`
        : `neighbour ${asker.address} on ${asker.interface}`;
    case 'host':
      return 'this host';
    case 'container':
      return `${asker.spot.container} (${asker.spot.network})`;
  }
}

/** What is asked, in a few words. */
export function askedWords(asked: AskedFor): string {
  switch (asked.what) {
    case 'published':
      return `${hostPort(asked.at, asked.hostPort)} of ${asked.spot.container}`;
    case 'own-port':
      return `${asked.spot.container} at ${hostPort(asked.spot.address, asked.port)}`;
    case 'unpublished':
      return `${asked.spot.container} at ${hostPort(asked.spot.address, asked.port)}, not published`;
    case 'outside':
      return `outside (${asked.address}${asked.port === undefined || asked.port === 0 ? '' : `, port ${String(asked.port)}`})`;
    case 'name-server':
      return `name server ${asked.address}`;
  }
}

const LEGS: Readonly<Record<Leg, string>> = {
  question: '',
  answer: 'the answer: ',
  proxy: "docker-proxy's own way: ",
};

/** Why a question is not reached, or not to be decided; '' where it is reached. */
export function reasonOf(is: Is): string {
  if (is.is === 'proxied') return 'nothing translates it: docker-proxy asks in its place, and hides who asks';
  if (is.is === 'reached') return '';
  return `${LEGS[is.leg]}${endWords(is)}`;
}

/** What decides about a question: the rule, the policy, or what the kernel does without one. */
export function deciderReason(decider: Decider, is: Is): string {
  const isDiscovery = decider.by !== 'kernel' && decider.discovers === true;
  return isDiscovery ? `${DISCOVERY}${whatDecides(decider, is)}` : whatDecides(decider, is);
}

/** In front of what drops it. */
const DISCOVERY = 'IPv6 neighbour discovery dropped by ';

function whatDecides(decider: Decider, is: Is): string {
  switch (decider.by) {
    case 'rule':
      return `${decider.table}: ${decider.rule.text}`;
    case 'policy':
      return `${decider.table}: policy DROP of ${decider.chain}`;
    case 'native': {
      const { table, chain, rule } = decider;
      if (chain === '') return `nftables' own table ${table}`;
      const doubt = is.is === 'unknown' && is.end.at === 'unknown' ? is.end.why.replace(/^nft: /, '') : '';
      return `${table} ${chain}: ${rule || doubt || 'policy drop'}`;
    }
    case 'kernel': {
      const leg = is.is === 'reached' || is.is === 'proxied' ? '' : LEGS[is.leg];
      return decider.routedBy === undefined ? reasonOf(is) || decider.detail : `${leg}${decider.detail}`;
    }
  }
}

function endWords(is: Extract<Is, { readonly end: unknown }>): string {
  const { end } = is;
  if (end.at === 'unknown') return end.rule === undefined ? end.why : `${end.why}: ${end.rule.text}`;
  if (end.at === 'lost') return end.detail;
  if (end.at === 'stopped') {
    const by = end.rule?.text ?? `policy ${end.target} of ${end.chain}`;
    return `${end.discovers ? DISCOVERY : ''}${end.table}: ${by}`;
  }
  return is.is === 'stopped' ? outcomeWords(is.outcome) : '';
}

/** `reached`, `docker-proxy`, `stopped`, `unknown`. */
export const isWords = ({ is }: Cell): string => (is.is === 'proxied' ? 'docker-proxy' : is.is);

const UNASKED: Readonly<Record<UnaskedWays['what'], (names: readonly string[]) => string>> = {
  'proxied-alone': (names) => `${count(names.length, 'port')} that docker-proxy alone serves`,
  'mesh-ports': (names) => `${count(names.length, 'port')} of the routing mesh`,
  'mesh-unserved': (names) => `${count(names.length, 'port')} that the routing mesh does not serve`,
  'overlay-networks': (names) => count(names.length, 'overlay network'),
  parts: ([number = '0']) => `clients of ${count(Number(number), 'more large block')} that rules name`,
};

/** `Not asked: 2 ports of the routing mesh (80, 443), 1 overlay network (backend)`, in one line; none where all is asked. */
export function unaskedLines(unasked: readonly UnaskedWays[], room: number): readonly string[] {
  if (unasked.length === 0) return [];
  const told = (isNamed: boolean): string =>
    `Not asked: ${unasked
      .map(({ what, names }) =>
        isNamed && what !== 'parts' ? `${UNASKED[what](names)} (${names.join(', ')})` : UNASKED[what](names),
      )
      .join(', ')}`;
  const full = printable(told(true));
  return [full.length <= room ? full : clipped(told(false), room)];
}

/** That the policy FORWARD is to have is not known, a line or none. @param families - of which, see `policyUnknown` of `reconcile/notices.ts` */
export const policyUnknownLines = (families: readonly Family[] = []): readonly string[] =>
  families.length === 0
    ? []
    : [
        `FORWARD's policy is ACCEPT (${families.join(', ')}); without a baseline nobody knows whether Docker set DROP`,
      ];
