import { onCommand } from './host-lacks.ts';
import type { Seen } from './seen.ts';
import type { NotedEffect } from './event.ts';

/** `24 published ports unreachable from outside, and 2 more`. */
export function effectsSay(effects: readonly NotedEffect[]): string {
  const [worst, ...others] = effects;
  const more = others.length === 0 ? '' : `, and ${String(others.length)} more`;
  return `${worst?.headline ?? 'nothing'}${more}`;
}

/** Of effects that a repair left. */
export const leftSays = (effects: readonly NotedEffect[], reasons: readonly string[]): string =>
  `${effectsSay(effects)}${reasons.length === 0 ? '' : `; ${reasons.join('; ')}`}`;

/** Of effects that come back after each repair. */
export const fightSays = (effects: readonly NotedEffect[]): string =>
  `somebody breaks it again after each repair, so repairs of it become rarer: ${effectsSay(effects)}`;

/** A setting of the kernel's that Docker needs to be 1 was changed; with the command where it was switched off. */
export const settingSays = ({ name, from, to }: Extract<Seen, { readonly kind: 'setting' }>): string =>
  `${name} was ${from} and is ${to}${from === '1' && to === '0' ? `: ${onCommand(name)}` : ''}`;
