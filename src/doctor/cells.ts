import { judgedTable, type JudgedTable } from '../reach/judge/judge.ts';
import { isUnseen, type Facts } from './facts/facts.ts';

/** Who reaches what on the host, judged as `check` does; undefined where too little could be read to ask. */
export function cellsIn(facts: Facts): JudgedTable | undefined {
  const { intended, judging, netState } = facts;
  if (intended === undefined || judging === undefined || isUnseen(facts, 'interfaces', 'routes'))
    return undefined;
  return judgedTable({ ...intended, netState }, judging);
}
