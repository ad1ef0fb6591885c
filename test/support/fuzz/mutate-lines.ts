import type { Dice } from '../busy/dice.ts';
import { mutateText } from './nasty.ts';

/** Lines that hold up the structure: of a save its tables and chains, of an nft listing its blocks. */
const STRUCTURE = /^(?:[*:#]|COMMIT|\s*$)|[{}]/;

/** The chain a line of a save is in; of other lines their first word. */
const placeOf = (line: string): string => /-A \S+/.exec(line)?.[0] ?? line.trimStart().split(' ')[0] ?? '';

/**
 * A text of lines changed in one or two of them: turned, left out, doubled, moved, or taken from another such text. Three in
 * four changes are to lines that hold up nothing, and stay near their place, so that most of the texts can still be read.
 */
export function mutateLines(text: string, others: readonly string[], dice: Dice): string {
  const lines = text.split('\n');
  for (let edits = dice.oneIn(4) ? 2 : 1; edits > 0; edits--) edit(lines, others, dice);
  const whole = lines.join('\n');
  return dice.oneIn(60) ? whole.slice(0, dice.below(whole.length)) : whole;
}

function edit(lines: string[], others: readonly string[], dice: Dice): void {
  const inner = [...lines.keys()].filter((i) => !STRUCTURE.test(lines[i] ?? ''));
  const gentle = inner.length > 0 && !dice.oneIn(4);
  const at = gentle ? (dice.pick(inner) ?? 0) : dice.below(lines.length);
  const line = lines[at] ?? '';
  const near = inner.filter((i) => Math.abs(i - at) < 4);
  const to = gentle ? (dice.pick(near) ?? at) : dice.below(lines.length);
  switch (dice.below(7)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(to, 0, line);
      break;
    case 2:
      lines.splice(at, 1);
      lines.splice(Math.min(to, lines.length), 0, line);
      break;
    case 3: {
      const donors = (dice.pick(others) ?? '').split('\n');
      const fitting = donors.filter((one) => placeOf(one) === placeOf(line));
      lines.splice(at, 0, dice.pick(gentle ? fitting : donors) ?? line);
      break;
    }
    default:
      lines[at] = mutateText(line, lines, dice);
  }
}
