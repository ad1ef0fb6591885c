import type { Era } from '../../lab/eras.ts';

/** What a state is about. */
export type Kind =
  | "Docker's rules lost"
  | 'rules of others'
  | 'DOCKER-USER'
  | 'NAT of others'
  | 'sysctls'
  | 'routes'
  | "nftables' own"
  | 'neighbours'
  | 'at random';

/** Something that is done to a host where all was well. */
export interface ReachState {
  readonly kind: Kind;
  readonly name: string;
  /** For `sh` of a town of test/support/reach/measured-town.ts. */
  readonly script: string;
  /** Engines on which it can be done; all where absent. */
  readonly eras?: readonly Era[];
  /** Tried in every test run, and doctor asked. */
  readonly always?: true;
}

/** States of one kind, each by what is typed. */
export const typed = (kind: Kind, scripts: readonly string[]): readonly ReachState[] =>
  scripts.map((script) => ({ kind, name: script.trim().replaceAll(/\n\s*/g, '; '), script }));

/** States that every test run tries. */
export const always = (states: readonly ReachState[]): readonly ReachState[] =>
  states.map((state) => ({ ...state, always: true }));

/** States of one kind, each with a name. */
export const named = (kind: Kind, states: Readonly<Record<string, string>>): readonly ReachState[] =>
  Object.entries(states).map(([name, script]) => ({ kind, name, script }));

/** The command that loads tables of nftables' own; nft wants a line of its own for what closes a chain or a table. */
export const nft = (text: string): string =>
  `nft -f - <<'END'\n${text.replaceAll(/(?: *\})+$/gm, (closing) => closing.replaceAll('}', '\n}'))}\nEND`;

/** The command that restores rules of IPv4 on top of what is there. */
export const load = (text: string): string => `load <<'END'\n${text.replaceAll(/^ +/gm, '')}\nEND`;
