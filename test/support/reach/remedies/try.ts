import { judge, measureAgain, read, type Judged, type Reading } from '../judge.ts';
import type { ReachTown } from '../measured-town.ts';
import type { ReachState } from '../states/state.ts';
import { brokenBy, cellsIn, goneFrom, type Before } from './judge.ts';
import type { Offer } from './offers.ts';

/** What became of a remedy. */
export interface TriedRemedy {
  readonly by: string;
  readonly of: string;
  readonly commands: readonly string[];
  /** `not here`: it runs a program that the lab's machines do not have. */
  readonly became: 'worked' | 'not here' | 'failed' | 'opened';
  /** How many ways it promised. */
  readonly promised: number;
  /** Of a restore: ways that rules of others let in once Docker's are back, which were named as such in the same answer. */
  readonly letIn: number;
  /** Why packets refute it; empty where they do not. */
  readonly wrong: readonly string[];
}

/** Programs that the lab's machines do not have, or that restart what the lab started. */
export const NOT_HERE =
  /^(?:sudo )?(?:ufw|firewall-cmd|fail2ban-client|systemctl|service|docker|reboot|modprobe) /;

/** A restore that leaves something, such as a policy, for another command says so with exit 1: packets tell what it did. */
export const isRestoreInPart = (command: string, code: number): boolean =>
  code === 1 && command.startsWith('rulesguard restore');

/** So many names are told of what is refuted. */
const TOLD = 4;

const savedBy = (town: ReachTown): Promise<string> => town.sh('iptables-save; ip6tables-save');

/**
 * Brings a town into a state, types a remedy as it is offered, and sends every cell's packets. Leaves the town so.
 *
 * @returns what became of it, and what packets said afterwards; undefined where nothing could be typed
 */
export async function tryRemedy(
  town: ReachTown,
  state: Pick<ReachState, 'script'>,
  before: Before,
  { by, of, commands, promised }: Offer,
): Promise<{ readonly tried: TriedRemedy; readonly after: Reading | undefined }> {
  const named = { by, of, commands, promised: promised.reduce((sum, { least }) => sum + least, 0), letIn: 0 };
  if (commands.some((command) => NOT_HERE.test(command)))
    return { tried: { ...named, became: 'not here', wrong: [] }, after: undefined };
  const left = await town.back();
  if (left !== '') throw new Error(`could not be put back: ${left}`);
  await town.sh(state.script);
  const saved = await savedBy(town);
  for (const command of commands) {
    const { code, stderr } = await town.type(command);
    if (code !== 0 && !isRestoreInPart(command, code))
      return {
        tried: { ...named, became: 'failed', wrong: [`${command}: exit ${String(code)}: ${stderr.trim()}`] },
        after: undefined,
      };
  }
  let after = await measureAgain(town, cellsIn(before));
  let broken = brokenBy(promised, before, after);
  if (broken.unkept.length + broken.opened.length > 0) {
    const first = broken;
    after = await measureAgain(town, cellsIn(before), true);
    const again = brokenBy(promised, before, after);
    broken = {
      unkept: again.unkept.filter((name) => first.unkept.includes(name)),
      opened: again.opened.filter((name) => first.opened.includes(name)),
    };
  }
  const isBroken = broken.unkept.length + broken.opened.length > 0;
  const now = isBroken ? judge(await read(town, before.intact.cells), town) : [];
  const isRestore = commands.every((command) => command.startsWith('rulesguard restore'));
  const letIn = isRestore ? letInBy(before, broken.opened, now) : [];
  const opened = broken.opened.filter((name) => !letIn.includes(name));
  // Behind a setting or a route the operator's own rule may decide.
  const his = new Set(now.flatMap(({ name, cell }) => (cell.effect === 'operator' ? [name] : [])));
  const unkept = broken.unkept.filter((name) => !his.has(name));
  const gone = goneFrom(saved, await savedBy(town));
  const wrong = [
    ...told('still not as promised', unkept),
    ...told('opened', opened),
    ...gone.map((rule) => `a rule of the operator's is gone: ${rule}`),
  ];
  const hasOpened = opened.length + gone.length > 0;
  const became = hasOpened ? 'opened' : wrong.length > 0 ? 'failed' : 'worked';
  return { tried: { ...named, became, letIn: letIn.length, wrong }, after };
}

/** A restore writes Docker's rules alone: what somebody's rule opened before, and was told of, it opens for more of them. */
function letInBy({ judged }: Before, opened: readonly string[], after: readonly Judged[]): readonly string[] {
  const known = new Set(
    judged.flatMap(({ cell }) =>
      cell.effect === 'exposure' && cell.cause === 'overridden' ? [cell.reason] : [],
    ),
  );
  return after.flatMap(({ name, cell }) =>
    opened.includes(name) && cell.effect === 'exposure' && known.has(cell.reason) ? [name] : [],
  );
}

export const told = (what: string, names: readonly string[]): readonly string[] =>
  names.length === 0
    ? []
    : [
        `${what}: ${names.slice(0, TOLD).join(', ')}${names.length > TOLD ? `, and ${String(names.length - TOLD)} more` : ''}`,
      ];
