import { eraOf, sameEra } from '../../../docker/era.ts';
import type { OwnedRule } from '../ownership/ownership.ts';
import { isWrittenIn, PURPOSES, type PurposeId } from '../ownership/purpose.ts';

/** Rules of the daemon itself whose text depends on settings all the same (docs/reference/docker-iptables.md#the-daemon). */
const OF_SETTINGS: ReadonlySet<PurposeId> = new Set(['nat-jump', 'mark-accept']);

/**
 * Why a rule of Docker's is obsolete whatever exists: Engines of this version write none of its kind. Undefined where it may be
 * wanted, and for a version whose layout is not known.
 */
export function ofOtherEra({ shape, rule }: OwnedRule, version: string): string | undefined {
  const era = eraOf(version);
  if (era === undefined || shape === undefined) return undefined;
  const ofOthers = era.writing.isolation === 'internal' ? OF_STAGES : OF_INTERNAL;
  return isWrittenIn(shape.id, era) && !ofOthers.test(rule.text)
    ? undefined
    : `Engine ${version} writes no such rules`;
}

const OF_STAGES = /^-A DOCKER-ISOLATION-STAGE-[12] | -j DOCKER-ISOLATION-STAGE-[12]$/;
const OF_INTERNAL = /^-A DOCKER-INTERNAL | -j DOCKER-INTERNAL$/;

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
  return (owned) => {
    const { shape, level, rule } = owned;
    const otherEra = ofOtherEra(owned, running);
    if (otherEra !== undefined && !isOther) return otherEra;
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
