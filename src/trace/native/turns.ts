import type { Hook } from '../path.ts';
import type { Turn } from '../turns.ts';
import type { Walk } from '../walk.ts';
import { passNative } from './chain.ts';
import { spell, type Hooked } from './tables.ts';

/** Chains of nftables' own that see a packet at one moment. */
export const nativeTurns = (walk: Walk, hook: Hook, natives: readonly Hooked[]): readonly Turn[] =>
  natives.map((native) => ({
    name: spell(native.table),
    run: () => passNative(walk, hook, native),
    uses: native.uses,
    of: { table: native.table, handle: native.chain.handle },
  }));
