import type { Rule } from '../text/model.ts';
import { TARGETS } from '../text/targets.ts';
import { viewRule, type RuleView } from '../text/view.ts';

/** Options that iptables takes and iptables-save never writes. */
const NEVER_SAVED =
  /^--(?:source|src|destination|dst|in-interface|out-interface|protocol|proto|match|jump|goto|source-port|destination-port|append)$/;

/** Whether a rule ends its chain for every packet, as Docker's own at the end of DOCKER-USER does. */
export const endsChain = (text: string): boolean => /^-A \S+ -j RETURN$/.test(text);

/**
 * Why a rule of DOCKER-USER cannot be declared; undefined where it can. A declaration stands for itself: after a reboot nothing else need be
 * there. So no chain and no set, which are of the program that makes them and whose rules come and go (fail2ban, ufw-docker, CrowdSec).
 *
 * @returns the rest of a sentence that begins with the rule
 */
export function undeclarable({ text, printed }: Pick<Rule, 'text' | 'printed'>): string | undefined {
  if (printed !== undefined) return 'was written by nft, and iptables cannot load it';
  if (text.includes('\n')) return 'holds a newline, which iptables-restore would read as two lines';
  if (endsChain(text)) return "ends the chain, as Docker's own RETURN does";
  const view = viewRule({ text });
  const { verdict, options } = view;
  if (verdict !== undefined && (verdict.by === 'goto' || !TARGETS.has(verdict.target)))
    return `leads to chain ${verdict.target}, which another program makes`;
  if (verdict?.target === 'SET' || options.some(({ name }) => name === '--match-set'))
    return 'asks for a set, which another program makes';
  return misspelt(view);
}

/** Why a rule is not as iptables-save writes it: compared as text it would never be found. */
function misspelt({ source, destination, sourcePort, destinationPort, matches, options }: RuleView) {
  const unsaved =
    options.some(({ name }) => NEVER_SAVED.test(name)) ||
    [source, destination].some((block) => block !== undefined && !block.value.includes('/')) ||
    ((sourcePort ?? destinationPort) !== undefined && matches.length === 0);
  return unsaved
    ? 'is not written as iptables-save writes it (-s 192.0.2.1/32, -p tcp -m tcp --dport 80)'
    : undefined;
}
