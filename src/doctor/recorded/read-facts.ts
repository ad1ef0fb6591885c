import type { EngineReply } from '../../docker/engine-reply.ts';
import type { Inventory } from '../../docker/inventory/inventory.ts';
import { inventoryFlaw } from '../../docker/inventory/flaw.ts';
import { setUnsoundAside } from '../../docker/inventory/set-aside.ts';
import { Fault, type FaultCode } from '../../fault.ts';
import { sh } from '../../shell.ts';
import type { Family } from '../../net/family.ts';
import { isUnavailable, type ContainerFacts } from '../facts/facts.ts';
import type { ContainerJson, EngineJson, FactsJson, FaultJson } from './facts-json.ts';
import type { SourceReading, ReadingAbout, Readings } from './readings.ts';
import { hostRulesFrom, liveFrom } from './rules-json.ts';
import { tableFrom } from './tables-json.ts';

/** What a file of facts holds. */
export interface ReadFacts {
  readonly about: ReadingAbout;
  readonly readings: Readings;
}

/**
 * Reads a document that fits schemas/facts.schema.json. What must not become part of a rule, or of a command that is offered, is set aside as
 * it is of an Engine's answers.
 *
 * @param source - what it is called in a fault
 * @throws Fault RG_PARSE for rules that are no save; RG_FACTS for an inventory that no Engine gives
 */
export function readingsFrom(json: FactsJson, source: string): ReadFacts {
  const { rules, usual, dockerTables, containers, sets, natives, links, routing, sysctls, drops } = json;
  const { daemons, proxies, listeners, nameServers, stuckClients, stood } = json;
  return {
    about: { host: json.host, time: json.time, program: json.program },
    readings: {
      rules: given(rules, ({ nft, legacy }) => ({
        nft: liveFrom(nft, source),
        legacy: legacy === null ? undefined : liveFrom(legacy, source),
      })),
      usual: usual ?? undefined,
      dockerTables:
        dockerTables === null ? undefined : given(dockerTables, ({ tables }) => tables.map(tableFrom)),
      engine: engineFrom(json.engine, source),
      containers: given(containers, (read) => read.containers.map((one) => containerFrom(one, source))),
      ...{ daemons, proxies, listeners, nameServers, stood },
      sets: given(sets, ({ saved }) => saved),
      natives: given(natives, ({ tables }) => tables),
      links: given(links, (read) => read.links),
      routing: {
        ipv4: given(routing.ipv4, ofFamily('ipv4')),
        ipv6: given(routing.ipv6, ofFamily('ipv6')),
      },
      sysctls: new Map(Object.entries(sysctls)),
      drops: { conntrackDrops: drops.conntrackDrops, reversePathDrops: drops.reversePathDrops },
      stuckClients: stuckClients ?? undefined,
    },
  };
}

function given<Json extends object, Value>(
  json: Json | FaultJson,
  read: (json: Json) => Value,
): SourceReading<Value> {
  return isFault(json) ? { fault: faultFrom(json) } : { gave: read(json) };
}

const isFault = (json: object): json is FaultJson => 'fault' in json;

/** A fault of the other host's. That it may not be read there is no reason to ask for root here. */
function faultFrom({ fault: { code, message, hint, details } }: FaultJson): Fault {
  const known = (code === 'RG_PRIVILEGE' ? 'RG_COMMAND' : code) as FaultCode;
  return new Fault(known, 3, message, { details, ...(hint === undefined ? {} : { hint }) });
}

/** Without what is of the other family: a route says itself which it is of. */
const ofFamily =
  (family: Family) =>
  ({ routes, routeRules }: Exclude<FactsJson['routing']['ipv4'], FaultJson>) => ({
    routes: routes.filter((route) => route.family === family),
    routeRules: routeRules.filter((rule) => rule.family === family),
  });

function engineFrom(json: EngineJson, source: string): EngineReply {
  const inventory = json.inventory && soundOf(json.inventory, source);
  if (!json.answered)
    return { answered: false, fault: faultFrom(json), ...(inventory === undefined ? {} : { inventory }) };
  const { daemons, interfaces, socket } = json;
  return {
    ...{ answered: true, inventory: soundOf(json.inventory, source), socket },
    ...{ daemons, interfaces: new Set(interfaces) },
  };
}

function soundOf(inventory: Inventory, source: string): Inventory {
  const flaw = inventoryFlaw(inventory);
  if (flaw !== undefined)
    throw new Fault('RG_FACTS', 3, `${source} is not used: no Engine says of itself ${flaw}`, {
      hint: 'Make it again on that host: rulesguard doctor --facts',
    });
  const sound = setUnsoundAside(inventory);
  const before = inventory.setAside ?? [];
  return sound === inventory ? inventory : { ...sound, setAside: [...before, ...(sound.setAside ?? [])] };
}

/**
 * Where a container's namespace is when a command is typed. Not by the process that the document names: it may have ended since, another may have its
 * number, and in a document that somebody made up it is the host's own.
 */
const netnsOf = ({ name }: Pick<ContainerJson, 'name'>): string =>
  `/proc/$(${sh`docker inspect -f '{{.State.Pid}}' ${name}`})/ns/net`;

function containerFrom({ inside, ...container }: ContainerJson, source: string): ContainerFacts {
  // What a list without an inspection leaves out.
  const { requestedPorts } = container;
  if (inside === undefined) return { ...container, requestedPorts, inside };
  if (isUnavailable(inside)) return { ...container, requestedPorts, inside };
  const { ownRules, sysctls, listeners, resolvers, ...rest } = inside;
  return {
    ...{ ...container, requestedPorts },
    inside: {
      ...{ ...rest, listeners, resolvers, sysctls: new Map(Object.entries(sysctls)) },
      netns: netnsOf(container),
      ownRules: ownRules?.map(({ variant, ...own }) => ({ variant, rules: hostRulesFrom(own, source) })),
    },
  };
}
