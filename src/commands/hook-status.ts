import { TARGETS } from '../hook/targets.ts';
import type { Target } from '../hook/target.ts';
import { age } from '../report/text.ts';
import { readFired, type Fired } from '../system/hook-fired.ts';
import { hookState, isInstalled, type HookState } from '../system/hook-plan.ts';
import type { Context, Exit } from './context.ts';
import { makingOf, targetOf, type TargetArgs } from './hook-target.ts';

interface Status {
  readonly target: Target;
  readonly installed: boolean;
  readonly hook: HookState;
  readonly fired: Fired | undefined;
}

/** `rulesguard hook list`: every target, with one line on each. */
export function list({ print, paint }: Context): Exit {
  const width = Math.max(...TARGETS.map(({ name }) => name.length));
  for (const { name, about } of TARGETS) print(`${paint('bold', name.padEnd(width))}  ${about}\n`);
  return 0;
}

/** `rulesguard hook status [TARGET]`: whether each hook is in place, and whether it fired. */
export async function status(args: TargetArgs, context: Context): Promise<Exit> {
  const making = makingOf(args);
  const asked = args.name === undefined ? TARGETS : [targetOf(args.name)];
  const all = await Promise.all(
    asked.map(async (target): Promise<Status> => ({
      target,
      installed: isInstalled(target, args.root),
      hook: hookState(target, making, args.root),
      fired: await readFired(context.stateDir, target.name),
    })),
  );
  if (args.json === true) context.print(`${JSON.stringify(document(all), undefined, 2)}\n`);
  else for (const line of all.map((one) => statusLine(one, context))) context.print(`${line}\n`);
  return 0;
}

function document(all: readonly Status[]): unknown {
  return {
    $schema: 'https://rulesguard.dev/schemas/hook-status.schema.json',
    version: 1,
    targets: all.map(({ target, installed, hook, fired }) => ({
      target: target.name,
      installed,
      hook,
      fired: fired === undefined ? null : { pre: fired.pre, post: fired.post },
    })),
  };
}

const TOLD: Readonly<Record<HookState, string>> = {
  'in place': 'hook in place',
  partly: 'hook partly in place',
  changed: 'hook not as it would be written now',
  absent: 'no hook',
};

function statusLine({ target, installed, hook, fired }: Status, { paint }: Context): string {
  const name = paint('bold', target.name.padEnd(Math.max(...TARGETS.map(({ name }) => name.length))));
  if (!installed && hook === 'absent') return `${name}  ${paint('dim', 'not installed')}`;
  const colour = hook === 'in place' ? 'green' : 'yellow';
  const parts = [
    paint(colour, TOLD[hook]),
    ...(hook === 'absent' ? [] : [firedText(fired)]),
    ...(installed ? [] : [`${target.name} is not installed`]),
    ...(hook === 'partly' || hook === 'changed' ? [`anew: rulesguard hook install ${target.name}`] : []),
  ];
  return `${name}  ${parts.join('; ')}`;
}

function firedText(fired: Fired | undefined): string {
  const halves = [
    ['pre', fired?.pre],
    ['post', fired?.post],
  ] as const;
  const there = halves.flatMap(([name, half]) => (half === undefined ? [] : [{ name, ...half }]));
  if (there.length === 0) return 'has not fired yet';
  const last = Math.max(...there.map(({ at }) => Date.parse(at)));
  return `fired last ${age((Date.now() - last) / 1000)} ago: ${there.map(({ name, says }) => `${name} ${says}`).join(', ')}`;
}
