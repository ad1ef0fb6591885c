import type { Era } from '../era.ts';
import { decodeOptions } from '../options.ts';
import {
  isRecord,
  listOf,
  namedAddresses,
  recordOf,
  textOf,
  type EngineFacts,
  type Inventory,
  type Json,
  type LiveNetwork,
  type Network,
} from './inventory.ts';

/**
 * The networks of `GET /networks` (API 1.24 to 1.55), in its order. Unknown or missing fields read as empty: an Engine may know
 * fewer fields than we read, but gives none another meaning.
 *
 * @param body - the parsed JSON of the answer
 * @param era - of the Engine that gave it
 */
export function networksFrom(body: unknown, era: Era | undefined): readonly LiveNetwork[] {
  return listOf(body)
    .filter(isRecord)
    .map((raw) => networkFrom(raw, era));
}

function networkFrom(raw: Json, era: Era | undefined): LiveNetwork {
  const id = textOf(raw['Id']);
  const driver = textOf(raw['Driver']);
  const options = Object.fromEntries(
    Object.entries(recordOf(raw['Options'])).map(([name, value]) => [name, textOf(value)]),
  );
  const { settings, flaw, bridgeName, parent } = decodeOptions(options, driver, era);
  const ipam = listOf(recordOf(raw['IPAM'])['Config']).filter(isRecord);
  return {
    id,
    name: textOf(raw['Name']),
    driver,
    // An empty name is none, as for docker itself.
    bridge: driver === 'bridge' ? bridgeName || `br-${id.slice(0, 12)}` : '',
    internal: raw['Internal'] === true,
    subnets: ipam.map((config) => textOf(config['Subnet'])).filter((subnet) => subnet !== ''),
    gateways: ipam.map((config) => textOf(config['Gateway'])).filter((gateway) => gateway !== ''),
    ...settings,
    created: textOf(raw['Created']),
    ipv4: raw['EnableIPv4'] !== false,
    ipv6: raw['EnableIPv6'] === true,
    ingress: raw['Ingress'] === true,
    ...(parent === undefined ? {} : { parent }),
    ...(flaw === undefined ? {} : { flaw }),
  };
}

/** What a baseline keeps of an inventory. */
export function engineFactsOf({ version, apiVersion, networks, ...inventory }: Inventory): EngineFacts {
  return { version, apiVersion, networks: networks.map(recorded), containers: namedAddresses(inventory) };
}

/** A network without what a baseline does not record. */
function recorded({ created, ipv4, ipv6, ingress, parent, flaw, ...network }: LiveNetwork): Network {
  return network;
}
