import { Fault } from '../../fault.ts';
import type { Unavailable, Unseen, UnseenPart } from './facts.ts';

/**
 * What a source gave, or why it could not be read.
 *
 * @throws Fault RG_PRIVILEGE: without root nothing can be read
 */
export async function orUnavailable<Value extends object>(
  reading: Promise<Value>,
): Promise<Value | Unavailable> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'RG_PRIVILEGE') throw error;
    return unavailableBy(error);
  }
}

/** A fault as a value. */
export const unavailableBy = ({ message, code, hint }: Fault): Unavailable => ({
  unavailable: message,
  code,
  ...(hint === undefined ? {} : { hint }),
});

/** The list of one part of the facts that could not be read. */
export const unseen = (what: UnseenPart, why: Unavailable): readonly Unseen[] => [{ what, ...why }];

/** Why no packet's way is known, by what could not be read; undefined where that is not so. */
export function unreadOf(unseen: readonly Unseen[]): string | undefined {
  const lacking = unseen.find(({ what }) => what in NEEDED);
  return lacking && `${NEEDED[lacking.what] ?? ''} could not be read`;
}

/** What every packet's way depends on. */
const NEEDED: Partial<Readonly<Record<UnseenPart, string>>> = {
  rules: "iptables' rules",
  interfaces: 'interfaces',
  routes: 'routes',
};

/** What one remedy makes readable has one reason. */
export const reasonOf = ({ unavailable, hint }: Unavailable): string => hint ?? unavailable;

/** Parts that could not be read, all for one reason. */
export interface UnseenTogether extends Unavailable {
  /** Each once. */
  readonly parts: readonly UnseenPart[];
}

/** What could not be read, once for each reason. */
export function unseenTogether(unseen: readonly Unseen[]): readonly UnseenTogether[] {
  const byReason = new Map<string, UnseenTogether>();
  for (const { what, ...why } of unseen) {
    const known = byReason.get(reasonOf(why));
    byReason.set(reasonOf(why), { ...why, ...known, parts: [...new Set([...(known?.parts ?? []), what])] });
  }
  return [...byReason.values()];
}
