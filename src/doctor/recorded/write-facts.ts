import type { EngineReply } from '../../docker/engine-reply.ts';
import type { Fault } from '../../fault.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { isUnavailable, type ContainerFacts } from '../facts/facts.ts';
import type { FamilyRoutes } from '../facts/network-state.ts';
import {
  FACTS_SCHEMA,
  type ContainerJson,
  type EngineJson,
  type FactsJson,
  type FaultJson,
} from './facts-json.ts';
import type { SourceReading, ReadingAbout, Readings } from './readings.ts';
import { liveJson, rulesJson } from './rules-json.ts';
import { tableJson } from './tables-json.ts';

/** Takes secrets out of a text of a rule. */
type Redact = (text: string) => string;

/**
 * Readings of a host as a document that fits schemas/facts.schema.json. dockerd's log, environments and labels are not in it.
 *
 * @param redact - takes secrets out of texts of rules
 */
export function factsJson(readings: Readings, about: ReadingAbout, redact: Redact): FactsJson {
  const { rules, usual, dockerTables, natives, sets, links, containers, sysctls, stuckClients } = readings;
  const { daemons, proxies, listeners, nameServers, drops } = readings;
  return {
    ...{ $schema: FACTS_SCHEMA, version: 1, program: about.program, host: hostName(about.host) },
    ...{ time: about.time, secrets: 'redacted' },
    rules: given(rules, ({ nft, legacy }) => ({
      nft: liveJson(nft, redact),
      legacy: legacy === undefined ? null : liveJson(legacy, redact),
    })),
    usual: usual ?? null,
    dockerTables:
      dockerTables === undefined
        ? null
        : given(dockerTables, (tables) => ({
            tables: tables.map((table) => redacted(tableJson(table), redact)),
          })),
    engine: engineJson(readings.engine),
    containers: given(containers, (all) => ({ containers: all.map((one) => containerJson(one, redact)) })),
    ...{ daemons, proxies, listeners, nameServers },
    sets: given(sets, (saved) => ({ saved: saved === null ? null : redact(saved) })),
    natives: given(natives, (tables) => ({
      tables: tables?.map(({ table, text }) => ({ table, text: redact(text) })) ?? null,
    })),
    links: given(links, (all) => ({ links: all })),
    routing: routingJson(readings.routing),
    sysctls: Object.fromEntries(sysctls),
    drops: {
      ...(drops.conntrackDrops === undefined ? {} : { conntrackDrops: drops.conntrackDrops }),
      ...(drops.reversePathDrops === undefined ? {} : { reversePathDrops: drops.reversePathDrops }),
    },
    stuckClients: stuckClients ?? null,
    stood: readings.stood.map((one) => ({ ...one, rule: redact(one.rule) })),
  };
}

/** A name as a file may hold it: what is no letter, digit, dot or dash of it is left out. */
const hostName = (name: string): string => name.replaceAll(/[^0-9A-Za-z_.-]/g, '').slice(0, 253) || 'unnamed';

const given = <Value, Json>(
  reading: SourceReading<Value>,
  write: (value: Value) => Json,
): Json | FaultJson => ('fault' in reading ? faultJson(reading.fault) : write(reading.gave));

const MOST = 2000;

const faultJson = ({ code, message, hint, details }: Fault): FaultJson => ({
  fault: {
    ...{ code, message: message.slice(0, MOST) },
    ...(hint === undefined ? {} : { hint: hint.slice(0, MOST) }),
    details: details.slice(0, 20).map((line) => line.slice(0, MOST)),
  },
});

function engineJson(reply: EngineReply): EngineJson {
  const { inventory } = reply;
  if (!reply.answered)
    return { answered: false, ...faultJson(reply.fault), ...(inventory === undefined ? {} : { inventory }) };
  const { daemons, interfaces, socket } = reply;
  return { answered: true, inventory: reply.inventory, socket, daemons, interfaces: [...interfaces] };
}

function containerJson({ inside, ...listed }: ContainerFacts, redact: Redact): ContainerJson {
  const { id, name, service, project, state, status, networkMode } = listed;
  const { attachments, requestedPorts, exposed, sysctls: started } = listed;
  // What else an Engine's answer has of it is not for a file.
  const container: ContainerJson = {
    ...{ id, name, state, status, networkMode, attachments, requestedPorts, exposed },
    ...(service === undefined ? {} : { service }),
    ...(project === undefined ? {} : { project }),
    ...(started === undefined ? {} : { sysctls: started }),
  };
  if (inside === undefined) return container;
  if (isUnavailable(inside)) return { ...container, inside };
  const { ownRules, sysctls, ...rest } = inside;
  const own = ownRules?.map(({ variant, rules }) => ({
    ...{ variant, ipv4: rulesJson(rules.ipv4, redact), ipv6: rulesJson(rules.ipv6, redact) },
  }));
  return {
    ...container,
    inside: {
      ...rest,
      sysctls: Object.fromEntries(sysctls),
      ...(own === undefined ? {} : { ownRules: own }),
    },
  };
}

const routingJson = (
  routing: Readonly<Record<Family, SourceReading<FamilyRoutes>>>,
): FactsJson['routing'] => {
  const [ipv4, ipv6] = FAMILIES.map((family) => given(routing[family], (read) => read));
  return { ipv4: ipv4 ?? NONE, ipv6: ipv6 ?? NONE };
};

const NONE: FamilyRoutes = { routes: [], routeRules: [] };

/** Every text of a value with its secrets taken out. */
function redacted<Value>(value: Value, redact: Redact): Value {
  const change = (inner: unknown): unknown => {
    if (typeof inner === 'string') return redact(inner);
    if (Array.isArray(inner)) return inner.map(change);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, change(one)]));
  };
  return change(value) as Value;
}
