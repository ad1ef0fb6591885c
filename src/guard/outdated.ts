import { sameEra } from '../docker/era.ts';
import type { OwnedRule } from '../docker/ownership.ts';

/** What expected rules leave out, because neither an inventory nor a daemon's process always tells of it. */
const NOT_COMPUTED: ReadonlySet<string> = new Set(['sctp-checksum', 'raw-loopback-wsl']);

/** Of the daemon itself, and yet other words with other settings (docker-rules §1.1, 6). */
const OF_SETTINGS: ReadonlySet<string> = new Set(['nat-jump', 'mark-accept']);

/**
 * Why a recorded rule that is not among the expected ones is not wanted, although what it serves still exists: the Engine
 * was upgraded, or it or a network was set otherwise since. To put such a rule back beside the one that replaced it would
 * translate a port twice, or let a network talk that no longer may.
 *
 * @param recorded - version of the Engine the rules were recorded of; undefined where none answered then
 * @param running - version of the Engine the expected rules are of
 * @param believed - texts of rules that were not expected even when they were recorded: Docker knows better than we do
 */
export function outdatedBy(
  recorded: string | undefined,
  running: string,
  believed: ReadonlySet<string> = new Set(),
): (owned: OwnedRule) => string | undefined {
  const isOther = recorded !== undefined && !sameEra(recorded, running);
  return ({ shape, level, rule }) => {
    if (shape === undefined || level === 'ingress' || level === 'overlay' || NOT_COMPUTED.has(shape.id))
      return undefined;
    if (!isOther && believed.has(rule.text)) return undefined;
    // Nobody compared them with expected rules when they were recorded; of jumps there can be only one.
    if (recorded === undefined && shape.id !== 'nat-jump') return undefined;
    if (isOther && level !== 'endpoint')
      return `Engine ${running} does not write it; the baseline is of Engine ${recorded}`;
    return level === 'daemon' && !OF_SETTINGS.has(shape.id)
      ? undefined
      : 'the Engine no longer writes it: it, or this network, has other settings now';
  };
}
