import type { SourceReading, Readings } from '../../doctor/recorded/readings.ts';
import { Fault } from '../../fault.ts';
import { chooseVariant } from '../../firewall/iptables/ownership/choose-variant.ts';
import { EMPTY_RULESET, type Variant } from '../../firewall/iptables/text/model.ts';
import type { DiagnosisHost } from '../diagnose/ports.ts';

const given = <Value>(reading: SourceReading<Value>): Promise<Value> =>
  'fault' in reading ? Promise.reject(reading.fault) : Promise.resolve(reading.gave);

const NONE = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
const NOTHING = { variant: 'legacy', version: undefined, rules: NONE } as const;

const unasked = (what: string): Fault => new Fault('RG_COMMAND', 3, `facts of another host: ${what}`);

/**
 * Another host, as its facts have it: whatever is asked of it, it answers what it answered when they were written.
 *
 * @param time - when that was, ISO 8601
 */
export function replayedHost(readings: Readings, time: string): DiagnosisHost {
  const { rules, usual, dockerTables, engine, containers, daemons, proxies, sysctls } = readings;
  const liveOf = async (recorded?: Variant) => {
    const { nft, legacy } = await given(rules);
    if (legacy === undefined && recorded !== 'legacy') return nft;
    return chooseVariant(nft, legacy ?? NOTHING, recorded, recorded ?? usual ?? 'nft');
  };
  return {
    now: () => Date.parse(time),
    sleep: () => Promise.resolve(),
    beginReading: () => liveOf,
    readVariant: liveOf,
    readHeldTables: () => Promise.resolve([]),
    readTables: () => given(dockerTables ?? { fault: unasked("Docker's tables were not read") }),
    askEngine: () => Promise.resolve(engine),
    askAnyEngine: () => Promise.resolve(engine),
    awaitContainers: () => Promise.resolve(),
    listIdle: () => Promise.resolve([]),
    baselines: {
      open: () => Promise.reject(unasked('no baseline is in them')),
      readDeclared: () => Promise.resolve({}),
    },
    readAccepted: () => Promise.resolve([]),
    readVariants: () => given(rules),
    usualVariant: () =>
      usual === undefined
        ? Promise.reject(unasked('the variant of plain iptables is not in them'))
        : Promise.resolve(usual),
    listContainers: async () => {
      await given(containers);
      return { socket: '', listed: [] };
    },
    readContainers: () => given(containers),
    findProcesses: () =>
      Promise.resolve({
        ...{ containers: new Map(), proxies },
        daemons: Array.from({ length: daemons }, (_, at) => at + 1),
      }),
    readDaemonLog: () => Promise.resolve(undefined),
    readListeners: () => Promise.resolve(readings.listeners),
    readNameServers: () => readings.nameServers,
    readDropCounts: () => readings.drops,
    countStuck: () => Promise.resolve(readings.stuckClients),
    readSets: () => given(readings.sets),
    readNatives: () => given(readings.natives),
    readLinks: () => given(readings.links),
    readRouting: (family) => given(readings.routing[family]),
    readSysctls: () => sysctls,
    pickSourcePort: () => 0,
    sendProbes: () => Promise.reject(unasked('no packet is sent from there')),
  };
}
