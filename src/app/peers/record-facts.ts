import type { FactsJson } from '../../doctor/recorded/facts-json.ts';
import type { SourceReading, ReadingAbout, Readings } from '../../doctor/recorded/readings.ts';
import { factsJson } from '../../doctor/recorded/write-facts.ts';
import { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { Variants } from '../../host/xtables/kernel.ts';
import { FAMILIES } from '../../net/family.ts';
import { stoodIn } from '../../reconcile/judging.ts';
import { redactArguments } from '../../watch/redact.ts';
import { gatherFacts } from '../diagnose/gather.ts';
import type { DiagnosisHost } from '../diagnose/ports.ts';
import type { Listener, StepEvent } from '../events.ts';
import { BY_BOTH, openReference } from '../observe/open-reference.ts';

/**
 * Reads this host as doctor does, and gives what was read as a document for doctor on another host. Changes nothing.
 *
 * @param named - containers, networks or ports that are to be read in depth
 * @throws Fault RG_PRIVILEGE without root
 */
export async function recordFacts(
  host: DiagnosisHost,
  named: readonly string[],
  about: Pick<ReadingAbout, 'host' | 'program'>,
  on: Listener<StepEvent>,
): Promise<FactsJson> {
  const noted = notedHost(host);
  const reference = await openReference(BY_BOTH, host.baselines);
  on({ kind: 'step', step: 'gathering' });
  const { stuckClients } = await gatherFacts(noted.host, { reference, named });
  return noted.facts(about, { stuckClients, reference });
}

/** A host that is read as ever, and gives what was read of it as a document. */
export interface NotedHost {
  readonly host: DiagnosisHost;
  /** @param read - what was found out besides, and by which reference; that of the host when not given */
  readonly facts: (
    about: Pick<ReadingAbout, 'host' | 'program'>,
    read: {
      readonly stuckClients: number | undefined;
      readonly reference?: Parameters<typeof stoodIn>[0];
    },
  ) => Promise<FactsJson>;
}

/** Notes what is read of a host from now on, for {@link NotedHost.facts}. */
export function notedHost(host: DiagnosisHost): NotedHost {
  const time = new Date(host.now()).toISOString();
  const { noting, readings } = noteReadings(host);
  return {
    host: noting,
    async facts(about, { stuckClients, reference }) {
      const stood = stoodIn(reference ?? (await openReference(BY_BOTH, host.baselines)));
      return factsJson({ ...(await readings()), stuckClients, stood }, { ...about, time }, redactRule);
    },
  };
}

/** A text of rules with secrets in its words replaced; all else stays to the byte. */
const redactRule = (text: string): string =>
  text
    .split('\n')
    .map((line) => redactArguments(['', line])[1] ?? line)
    .join('\n');

/** A source that is read as ever, and what it gave last. */
interface NotedSource<Args extends readonly unknown[], Value> {
  readonly read: (...args: Args) => Promise<Value>;
  /** Undefined where nobody asked. */
  readonly last: () => SourceReading<Value> | undefined;
}

function noted<Args extends readonly unknown[], Value>(
  read: (...args: Args) => Promise<Value>,
): NotedSource<Args, Value> {
  let last: SourceReading<Value> | undefined;
  return {
    last: () => last,
    async read(...args) {
      try {
        const gave = await read(...args);
        last = { gave };
        return gave;
      } catch (fault) {
        if (fault instanceof Fault) last = { fault };
        throw fault;
      }
    },
  };
}

/** A host that is read as ever, and what it gave last of each source. */
function noteReadings(host: DiagnosisHost): {
  readonly noting: DiagnosisHost;
  readonly readings: () => Promise<Omit<Readings, 'stuckClients' | 'stood'>>;
} {
  const variants = noted(host.readVariants);
  let live: NotedSource<Parameters<ReturnType<DiagnosisHost['beginReading']>>, Live> | undefined;
  const usual = noted(host.usualVariant);
  const tables = noted(host.readTables);
  const first = noted(host.askAnyEngine);
  const again = noted(host.askEngine);
  const list = noted(host.listContainers);
  const containers = noted(host.readContainers);
  const processes = noted(host.findProcesses);
  const listeners = noted(host.readListeners);
  const sets = noted(host.readSets);
  const natives = noted(host.readNatives);
  const links = noted(host.readLinks);
  const routing = { ipv4: noted(host.readRouting), ipv6: noted(host.readRouting) };
  let sysctls: Readings['sysctls'] = new Map();
  const noting: DiagnosisHost = {
    ...host,
    readVariants: variants.read,
    beginReading: () => {
      live = noted(host.beginReading());
      return live.read;
    },
    usualVariant: usual.read,
    readTables: tables.read,
    askAnyEngine: first.read,
    askEngine: again.read,
    listContainers: list.read,
    readContainers: containers.read,
    findProcesses: processes.read,
    readListeners: listeners.read,
    readSets: sets.read,
    readNatives: natives.read,
    readLinks: links.read,
    readRouting: (family) => routing[family].read(family),
    readSysctls: (ports) => (sysctls = host.readSysctls(ports)),
  };
  const readings = async (): Promise<Omit<Readings, 'stuckClients' | 'stood'>> => {
    const plain = await usual.read().catch(() => undefined);
    const { daemons, proxies } = gaveOf(processes) ?? { daemons: [], proxies: [] };
    const [ipv4, ipv6] = FAMILIES.map((family) => readingOf(routing[family], { routes: [], routeRules: [] }));
    const none = { gave: { routes: [], routeRules: [] } };
    return {
      rules: newestOf(readingOf(variants, undefined), live && gaveOf(live)),
      usual: plain,
      dockerTables: tables.last(),
      engine: gaveOf(again) ?? gaveOf(first) ?? (await host.askAnyEngine()),
      containers: faultOf(list) ?? readingOf(containers, []),
      ...{ daemons: daemons.length, proxies, listeners: gaveOf(listeners) ?? [] },
      nameServers: host.readNameServers(),
      sets: readingOf(sets, null),
      natives: readingOf(natives, null),
      links: readingOf(links, []),
      routing: { ipv4: ipv4 ?? none, ipv6: ipv6 ?? none },
      sysctls,
      drops: host.readDropCounts(),
    };
  };
  return { noting, readings };
}

const readingOf = <Value, None>(
  source: NotedSource<never, Value>,
  none: None,
): SourceReading<Value> | { readonly gave: None } => source.last() ?? { gave: none };

function gaveOf<Value>(source: NotedSource<never, Value>): Value | undefined {
  const last = source.last();
  return last !== undefined && 'gave' in last ? last.gave : undefined;
}

function faultOf(source: NotedSource<never, unknown>): { readonly fault: Fault } | undefined {
  const last = source.last();
  return last !== undefined && 'fault' in last ? last : undefined;
}

/** Both variants; of the one that was read again, the later reading. */
function newestOf(read: SourceReading<Variants | undefined>, live: Live | undefined): Readings['rules'] {
  if ('fault' in read) return read;
  const both = read.gave;
  if (both === undefined) return { fault: new Fault('RG_COMMAND', 3, "iptables' rules were not read") };
  return { gave: live === undefined ? both : { ...both, [live.variant]: live } };
}
