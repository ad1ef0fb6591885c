import { recordedTerrain } from '../reach/terrain.ts';
import type { ChangeHost } from '../../../src/app/guard-change/change.ts';
import type { HookSettings } from '../../../src/app/hooks/hook.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';
import { liveOf, recordedHost } from '../recorded/observation.ts';
import { recording } from '../recorded/recordings.ts';

/** Changes the IPv4 save of a host as text. */
export type Edit = (save: string) => string;

/** A host in memory: a recorded one whose Engine answers, and whose rules can be edited. */
export interface MemoryHost extends ChangeHost {
  readonly edit: (edit: Edit) => void;
  /** Its IPv4 save as it was recorded. */
  readonly before: string;
}

interface Behaviour {
  /** What a rehearsal shows; `rules` gives the rules as an edit leaves them. */
  readonly rehearse?: (rules: (edit: Edit) => HostRules) => { known: true; rules: HostRules };
  /** What the command does; returns its exit code. */
  readonly launch?: (edit: (edit: Edit) => void) => number;
}

/** How hooks behave without a configuration. */
export const SETTINGS: HookSettings = { pre: 'record', post: 'repair', policies: false, strict: false };

/** The baseline of a recorded host. */
export const storedOf = (name: string): StoredBaseline => recordedHost(name).stored;

const NOWHERE = { netState: { links: [], routes: [], sysctls: new Map<string, string>() }, nameServers: [] };

/** A recorded host in memory. */
export function changeHost(name: string, { rehearse, launch }: Behaviour = {}): MemoryHost {
  const { reply } = recordedHost(name);
  const { text } = recording(name);
  const { netState, nameServers } = reply.answered ? recordedTerrain(name) : NOWHERE;
  let ipv4 = text.ipv4;
  const rulesOf = (save: string): HostRules => ({
    ipv4: parseSave(save).ruleset,
    ipv6: parseSave(text.ipv6).ruleset,
  });
  const live = () => Promise.resolve(liveOf(rulesOf(ipv4)));
  const edit = (change: Edit): void => {
    ipv4 = change(ipv4);
  };
  return {
    now: () => Date.parse('2026-06-01T12:00:00Z'),
    sleep: () => Promise.resolve(),
    beginReading: () => live,
    readVariant: live,
    readHeldTables: () => Promise.resolve([]),
    readTables: () => Promise.resolve([]),
    readOther: () => Promise.resolve(undefined),
    askEngine: () => Promise.resolve(reply),
    awaitContainers: () => Promise.resolve(),
    listIdle: () => Promise.resolve([]),
    readNameServers: () => nameServers,
    readSets: () => Promise.resolve(null),
    readNatives: () => Promise.resolve([]),
    readLinks: () => Promise.resolve(netState.links),
    readRouting: (family) =>
      Promise.resolve({ routes: netState.routes.filter((route) => route.family === family), routeRules: [] }),
    readSysctls: () => netState.sysctls,
    readListeners: () => Promise.resolve([]),
    variantOf: () => Promise.resolve(undefined),
    rehearse: () =>
      rehearse === undefined
        ? Promise.reject(new Error('nothing is rehearsed here'))
        : Promise.resolve(rehearse((change) => rulesOf(change(ipv4)))),
    launch: () => Promise.resolve(launch?.(edit) ?? 0),
    edit,
    before: text.ipv4,
  };
}
