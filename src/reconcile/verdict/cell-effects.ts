import { groupsOf } from '../../reach/judge/groups.ts';
import type { JudgedCell } from '../../reach/judge/judge.ts';
import { coverOfCell } from '../accept/covers.ts';
import { effectId } from '../accept/effect-id.ts';
import type { CheckEffect } from './effect.ts';

/**
 * Cells that differ, or cannot be told, grouped by what they mean for packets and by why. Those the operator decides are none of these.
 *
 * @param cells - of a judged table, without those that are accepted
 */
export const cellEffects = (cells: readonly JudgedCell[]): readonly CheckEffect[] =>
  groupsOf(cells).flatMap((group): readonly CheckEffect[] => {
    const { effect, cause, deciders, members } = group;
    if (effect === 'operator' || cause === undefined || cause === 'operator') return [];
    const covers = members.map(coverOfCell);
    return [
      {
        id: effectId(covers),
        ...{ effect, cause, covers, cells: members.length, shown: { by: 'cells', group } },
        deciders: cause === 'lost' ? [] : deciders,
      },
    ];
  });
