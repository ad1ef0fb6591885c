import { eraOf } from '../../../src/docker/era.ts';
import { intentOf } from '../../../src/docker/intent/intent.ts';
import type { Inventory } from '../../../src/docker/inventory/inventory.ts';
import { isBuiltin, type HostRules, type Ruleset } from '../../../src/firewall/iptables/text/model.ts';
import type { Settings } from '../../../src/docker/settings.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { CLIENT } from '../lab/wire.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  publish,
  SETTINGS,
} from '../recorded/inventories.ts';
import { stateAround } from './terrain.ts';

/** A healthy host of an inventory: the rules that its Engine requires, and a kernel set as dockerd sets it. */
export function healthyTerrain(inventory: Inventory, given: Partial<Settings> = {}): Terrain {
  const settings = { ...SETTINGS, ...given };
  const era = eraOf(inventory.version);
  if (era === undefined) throw new Error(`no layout of ${inventory.version} is known`);
  const rules = withPolicies(expectedOf(inventory, settings));
  return {
    intent: intentOf(inventory, { era: era.policy, settings }),
    inventory,
    netState: stateAround(inventory, rules, { hairpin: !settings.userlandProxy }),
    proxies: undefined,
    nameServers: [CLIENT.ipv4],
  };
}

/** FORWARD drops, as dockerd sets it, and nothing else does. */
const withPolicies = ({ ipv4, ipv6 }: HostRules): HostRules => ({ ipv4: policed(ipv4), ipv6: policed(ipv6) });

const policed = ({ tables }: Ruleset): Ruleset => ({
  tables: new Map(
    [...tables].map(([name, table]) => [
      name,
      {
        ...table,
        chains: new Map(
          [...table.chains].map(([key, chain]) => [
            key,
            {
              ...chain,
              ...(isBuiltin(name, key) && {
                policy: name === 'filter' && key === 'FORWARD' ? 'DROP' : 'ACCEPT',
              }),
            },
          ]),
        ),
      },
    ]),
  ),
});

/** A host with as many networks and published ports: one port a container, the containers dealt out to the networks. */
export function largeInventory(version: string, networks: number, ports: number): Inventory {
  const all = Array.from({ length: networks }, (_, i) =>
    i === 0
      ? defaultBridge()
      : bridgeNetwork(
          `app-${String(i)}`,
          {
            id: i.toString(16).padStart(12, '0').padEnd(64, '0'),
            subnets: [`10.${String(i)}.0.0/16`],
            gateways: [`10.${String(i)}.0.1`],
          },
          version,
        ),
  );
  const endpoints = Array.from({ length: ports }, (_, i) => {
    const network = i % networks;
    const block = network === 0 ? '172.17.0' : `10.${String(network)}.0`;
    return endpointOn(
      all[network] ?? defaultBridge(),
      `web-${String(i)}`,
      `${block}.${String(2 + Math.floor(i / networks))}`,
    );
  });
  return inventoryOf(version, {
    networks: all,
    endpoints,
    ports: endpoints.map((endpoint, i) => publish(endpoint, `0.0.0.0:${String(2000 + i)}->80/tcp`)),
  });
}
