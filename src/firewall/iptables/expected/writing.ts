import type { WritingEra } from '../../../docker/era.ts';
import type { FamilyIntent } from '../../../docker/intent/values.ts';
import type { Family } from '../../../net/family.ts';
import type { RuleBook } from './rule-book.ts';

/** How the daemon writes with iptables what it means: by its version, and by what the kernel under it lacks. */
export interface WritingStyle {
  readonly era: WritingEra;
  /** This kernel lacks xt_u32, so an Engine before 24 writes the overlay rules with `-m bpf`. */
  readonly overlayByBpf: boolean;
}

/** What is needed to write one family's rules. What packets may do is decided in the intent, and here no more. */
export interface WriteContext extends WritingStyle {
  readonly intent: FamilyIntent;
  readonly book: RuleBook;
}

export const ESTABLISHED = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';

/** An address as a rule names it: a block of one. */
export const host = (address: string, family: Family): string =>
  `${address}/${family === 'ipv4' ? '32' : '128'}`;

/** With docker-proxy, loopback is left to it (docs/reference/docker-iptables.md#the-daemon). */
export function writeNatJumps({ book, intent }: WriteContext): void {
  const loopback = intent.family === 'ipv4' ? '127.0.0.0/8' : '::1/128';
  const local = '-m addrtype --dst-type LOCAL -j DOCKER';
  book.append('nat', 'PREROUTING', local);
  book.append('nat', 'OUTPUT', intent.loopback === 'docker-proxy' ? `! -d ${loopback} ${local}` : local);
}
