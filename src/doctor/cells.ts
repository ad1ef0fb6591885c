import type { Cell, Spot } from '../reach/cell.ts';
import { withNewDoubts } from '../reach/judge/doubts.ts';
import { isOpen, judgedTable, type JudgedCell, type JudgedTable } from '../reach/judge/judge.ts';
import { isAny, parseBlock, sameBlock } from '../net/address.ts';
import { memory } from '../trace/memory.ts';
import { isUnseen, type Facts } from './facts/facts.ts';
import type { ResolvedTarget } from './target/resolved.ts';

const tables = memory<JudgedTable>();

/** Who reaches what on the host, judged as `check` does; undefined where too little could be read to ask. */
export function cellsIn(facts: Facts): JudgedTable | undefined {
  const { intended, judging, netState, knownUnread = [] } = facts;
  if (intended === undefined || judging === undefined || isUnseen(facts, 'interfaces', 'routes'))
    return undefined;
  return tables(netState, '', () =>
    withNewDoubts(judgedTable({ ...intended, netState }, judging), knownUnread),
  );
}

/** A cell that is a finding of `check`'s: it differs, or nobody can tell, and the operator's own rules do not decide it. */
export interface OpenCell extends JudgedCell {
  readonly cause: Exclude<NonNullable<JudgedCell['cause']>, 'operator'>;
  readonly decider: NonNullable<JudgedCell['decider']>;
}

const isFinding = (cell: JudgedCell): cell is OpenCell =>
  isOpen(cell) && cell.cause !== undefined && cell.cause !== 'operator' && cell.decider !== undefined;

/** What of a host is not as Docker and its operator mean it, as far as it is about a target. */
export const openCells = (facts: Facts, about: ResolvedTarget): readonly OpenCell[] =>
  (cellsIn(facts)?.cells ?? []).filter(isFinding).filter((cell) => isAbout(cell, about));

/** Whose containers a cell is about: of who asks, and of who is asked. */
export const spotsIn = ({ asker, asked }: Cell): readonly Spot[] => [
  ...(asker.by === 'container' ? [asker.spot] : []),
  ...('spot' in asked ? [asked.spot] : []),
];

function isAbout(cell: Cell, { target, containers }: ResolvedTarget): boolean {
  const { asked, proto } = cell;
  switch (target.kind) {
    case 'host':
      return true;
    case 'container':
    case 'service':
      return spotsIn(cell).some(({ container }) => containers.has(container));
    case 'network':
      return spotsIn(cell).some(({ network }) => network === target.name);
    case 'port':
      return (
        asked.what === 'published' &&
        asked.hostPort === target.port &&
        proto === target.proto &&
        (parseBlock(target.address) === undefined ||
          isAny(target.address) ||
          sameBlock(asked.at, target.address))
      );
    case 'address':
      return false;
  }
}
