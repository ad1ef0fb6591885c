import { sameEra } from '../../../docker/era.ts';
import type { OwnedRule } from '../ownership/ownership.ts';
import { PURPOSES, type PurposeId } from '../ownership/purpose.ts';

/** Rules of the daemon itself whose text depends on settings all the same (docs/reference/docker-iptables.md#the-daemon). */
const OF_SETTINGS: ReadonlySet<PurposeId> = new Set(['nat-jump', 'mark-accept']);

/**
 * Why a recorded rule that is not among the expected ones is obsolete, although what it serves still exists: the Engine
 * was upgraded, or a setting of it or of a network was changed since. Restored beside the rule that replaced it, it would
 * translate a port twice, or let a network through that is closed now.
 *
 * @param recorded - version of the Engine the rules were recorded of; undefined where none answered then
 * @param running - version of the Engine the expected rules are of
 * @param believed - texts of rules that were not expected even when they were recorded: there Docker is right, not our model
 */
export function outdatedBy(
  recorded: string | undefined,
  running: string,
  believed: ReadonlySet<string> = new Set(),
): (owned: OwnedRule) => string | undefined {
  const isOther = recorded !== undefined && !sameEra(recorded, running);
  return ({ shape, level, rule }) => {
    if (
      shape === undefined ||
      level === 'ingress' ||
      level === 'overlay' ||
      PURPOSES[shape.id].written === 'partly'
    )
      return undefined;
    if (!isOther && believed.has(rule.text)) return undefined;
    // They were not compared with expected rules when they were recorded; there can be only one such jump.
    if (recorded === undefined && shape.id !== 'nat-jump') return undefined;
    if (isOther && level !== 'endpoint')
      return `Engine ${running} does not write it; the baseline was recorded with Engine ${recorded}`;
    return level === 'daemon' && !OF_SETTINGS.has(shape.id)
      ? undefined
      : 'the Engine no longer writes it: its settings, or those of the network, have changed';
  };
}
