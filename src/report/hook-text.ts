import { createTwoFilesPatch } from 'diff';
import type { Fired } from '../hooks/fired.ts';
import type { HookState, HookStatus } from '../hooks/plan.ts';
import type { Target } from '../hooks/target.ts';
import { age, printable, type Paint } from './text.ts';

/** A file or link as it is or will be; undefined when it is not there. */
export type Entry = { readonly content: string; readonly mode: number } | { readonly to: string } | undefined;

const modeOf = (mode: number): string => mode.toString(8).padStart(4, '0');

/** One change of a hook for people: the path and what is done to it, then the content or the difference. */
export function changeText(path: string, now: Entry, next: Entry): string {
  if (next === undefined) return `delete ${path}\n`;
  if ('to' in next) return `write  ${path} -> ${next.to}\n`;
  const lines = (text: string): string => text.split('\n').map(printable).join('\n');
  if (now === undefined || 'to' in now) {
    const body = lines(next.content).replace(/\n$/, '').replaceAll(/^/gm, '  ');
    return `write  ${path} (${modeOf(next.mode)})\n${body}\n`;
  }
  const mode = now.mode === next.mode ? modeOf(now.mode) : `${modeOf(now.mode)} → ${modeOf(next.mode)}`;
  const patch = createTwoFilesPatch('now', 'then', lines(now.content), lines(next.content), '', '', {
    context: 2,
  });
  return `change ${path} (${mode})\n${patch.replace(/^=+\n/, '').replaceAll(/^/gm, '  ').trimEnd()}\n`;
}

const nameColumn = (names: readonly string[]): ((name: string) => string) => {
  const width = Math.max(...names.map((name) => name.length));
  return (name) => name.padEnd(width);
};

/** Every target, with one line on each. */
export function targetsText(targets: readonly Target[], paint: Paint): string {
  const column = nameColumn(targets.map(({ name }) => name));
  return targets.map(({ name, about }) => `${paint('bold', column(name))}  ${about}\n`).join('');
}

const STATES: Readonly<Record<HookState, string>> = {
  'in place': 'hook in place',
  partly: 'hook partly in place',
  changed: 'hook not as it would be written now',
  absent: 'no hook',
};

/**
 * One line for each target: whether its hook is in place and can run, and what became of its last run.
 *
 * @param off - what switched automatic writes off
 */
export function hookStatusText(all: readonly HookStatus[], off: string | undefined, paint: Paint): string {
  const column = nameColumn(all.map(({ target }) => target.name));
  const lines = all.map((one) => `${paint('bold', column(one.target.name))}  ${statusText(one, paint)}\n`);
  if (off === undefined) return lines.join('');
  return `${paint('yellow', paint('bold', 'OFF'))}  automatic writes are switched off (${off}): hooks record and repair nothing\n${lines.join('')}`;
}

function statusText(
  { target: { name }, installed, hook, trouble, ...ran }: HookStatus,
  paint: Paint,
): string {
  if (!installed && hook === 'absent') return paint('dim', 'not installed');
  const manager = installed ? [] : [`${name} is not installed`];
  if (hook === 'absent') return [paint('yellow', STATES.absent), ...manager].join('; ');
  const again = `write it again: rulesguard hook install ${name}`;
  if (trouble !== undefined)
    return [paint('red', `hook cannot run: ${printable(trouble)}`), firedText(ran), ...manager, again].join(
      '; ',
    );
  return [
    paint(hook === 'in place' ? 'green' : 'yellow', STATES[hook]),
    firedText(ran),
    ...manager,
    ...(hook === 'in place' ? [] : [again]),
  ].join('; ');
}

/** What became of the last run, the outcome first. */
function firedText({ fired, ranSecondsAgo }: Pick<HookStatus, 'fired' | 'ranSecondsAgo'>): string {
  const { pre, post } = fired ?? {};
  if (ranSecondsAgo === undefined) return 'has not run yet';
  const halves = [
    ...(post === undefined ? [] : [`after: ${printable(post.says)}`]),
    ...(pre === undefined ? [] : [`before: ${printable(isHalfway(fired) ? HALFWAY : pre.says)}`]),
  ];
  return `last run ${age(ranSecondsAgo)} ago: ${halves.join('; ')}`;
}

const HALFWAY = 'nothing recorded, as the firewall was halfway through its change';

/**
 * A reload is often a stop and a start with hooks around each (ufw 0.36): between them the policies are open, so nothing is
 * recorded. What is whole afterwards without a repair was not damaged before.
 */
function isHalfway({ pre, post }: Fired = { target: '' }): boolean {
  return pre?.outcome === 'damaged' && post?.outcome === 'intact' && post.at >= pre.at;
}

/** The document of `hook status --json`; schemas/hook-status.schema.json describes it. */
export function hookStatusJson(all: readonly HookStatus[], off: string | undefined): unknown {
  return {
    $schema: 'https://rulesguard.dev/schemas/hook-status.schema.json',
    version: 1,
    automaticOff: off ?? null,
    targets: all.map(({ target, installed, hook, trouble, fired }) => ({
      target: target.name,
      installed,
      hook,
      trouble: trouble ?? null,
      fired: fired === undefined ? null : { pre: fired.pre, post: fired.post },
    })),
  };
}
