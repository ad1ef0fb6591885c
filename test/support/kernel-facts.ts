import { expect } from 'vitest';
import type { Kind } from './kernel.ts';
import { withNetns } from './netns.ts';
import type { Netns } from './netns.ts';

/** What a case claims: the lines that `facts` then shows, or that the input was refused and nothing changed. */
export type Claim = readonly string[] | 'refused';

/** A claim per variant, for the cases where the two differ. */
export type Claims = Claim | { readonly nft: Claim; readonly legacy: Claim };

/** Rules, user chains (`:NAME -`) and policies other than ACCEPT (`:INPUT DROP`) of a save, in its order. */
export function facts(save: string): string[] {
  return save
    .split('\n')
    .filter((line) => !/^(#|\*|COMMIT$|$)|^:\S+ ACCEPT /.test(line))
    .map((line) => (line.startsWith(':') ? line.replace(/ \[\d+:\d+\]$/, '') : line));
}

/** Wraps lines into one table. */
export function table(...lines: readonly string[]): string {
  return ['*filter', ...lines, 'COMMIT', ''].join('\n');
}

export interface Attempt {
  /** Restore input loaded first; must succeed. */
  readonly before?: string;
  readonly input: string;
  /** Arguments of restore; `-n` (keep what is there) when absent. */
  readonly args?: readonly string[];
  /** Arguments of the saves that are compared. */
  readonly show?: readonly string[];
}

async function load(ns: Netns, kind: Kind, text: string): Promise<void> {
  const { code, stderr } = await ns.restore(kind.family, kind.variant, text);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** Feeds an input to restore in a fresh namespace and says what the rules are afterwards. */
export async function attempt(kind: Kind, attempt: Attempt): Promise<Claim> {
  const { before, input, args = ['-n'], show = [] } = attempt;
  return await withNetns(async (ns) => {
    if (before !== undefined) await load(ns, kind, before);
    const earlier = facts(await ns.save(kind.family, kind.variant, show));
    const { code } = await ns.restore(kind.family, kind.variant, input, args);
    const later = facts(await ns.save(kind.family, kind.variant, show));
    if (code === 0) return later;
    expect(later, 'a refused input must change nothing').toEqual(earlier);
    return 'refused';
  });
}

/** The claim that holds for a variant. */
export function claimFor(claims: Claims, { variant }: Kind): Claim {
  return typeof claims === 'object' && 'nft' in claims ? claims[variant] : claims;
}
