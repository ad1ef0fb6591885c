import type { Author, Seen } from './seen.ts';

/**
 * Whose hand a change shows, as far as the schedule asks: `docker` writes its own rules one by one, a `manager` takes everything down
 * before it builds up again, `unknown` may be either, and had gone when /proc was read. `host`: no rule changed, but a link, address or route.
 */
export type Hand = 'docker' | 'manager' | 'ours' | 'host' | 'unknown' | 'other';

/** Programs that load whole firewalls, by the kernel's name of them (15 bytes), and the units that run them. */
const MANAGERS: ReadonlySet<string> = new Set([
  ...['ufw', 'ufw-init', 'firewalld', 'netfilter-persi', 'shorewall', 'shorewall6', 'ferm', 'csf', 'lfd'],
  ...['iptables-restor', 'ip6tables-resto', 'xtables-nft-mul'],
]);
const MANAGER_UNITS =
  /^(?:ufw|firewalld|netfilter-persistent|nftables|iptables|ip6tables|shorewall6?|ferm|csf|lfd)\.service$/;

const DOCKERD = 'dockerd';

/** This process, and those it starts whose changes are not its own. */
export interface Own {
  readonly pid: number;
  /** Whether a child of this process is a program of the configuration, which does what its author wants. */
  readonly isEventProgram: (pid: number) => boolean;
}

/** Whose hand it was. */
export function writerOf(author: Author | undefined, own: Own): Hand {
  if (author === undefined) return 'unknown';
  const chain = [author, ...author.parents];
  const at = chain.findIndex(({ pid }) => pid === own.pid);
  const child = chain[at - 1];
  if (at !== -1 && (child === undefined || !own.isEventProgram(child.pid))) return 'ours';
  if (chain.some(({ name }) => name === DOCKERD)) return 'docker';
  if (chain.some(({ name }) => MANAGERS.has(name)) || MANAGER_UNITS.test(author.unit ?? '')) return 'manager';
  // Of a program that has ended, but was not yet waited for, the parents are known; dockerd runs its programs itself.
  return author.command.length === 0 && author.parents.length === 0 ? 'unknown' : 'other';
}

/** Whose hand something shows that was seen. */
export function handOf(what: Seen, own: Own): Hand {
  switch (what.kind) {
    case 'rules':
      return writerOf(what.author, own);
    case 'engine':
    case 'engine-gone':
    case 'engine-back':
      return 'docker';
    case 'network':
      return 'host';
    case 'setting':
      return 'other';
    case 'legacy-rules':
    case 'missed':
      return 'unknown';
  }
}
