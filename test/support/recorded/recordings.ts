import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eraOf } from '../../../src/docker/era.ts';
import type { Network } from '../../../src/docker/inventory/inventory.ts';
import { networksFrom } from '../../../src/docker/inventory/networks.ts';
import { ownHost, type OwnedHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));

/** What a real Engine wrote, as recorded in test/fixtures. */
export interface Recording {
  readonly name: string;
  readonly text: { readonly ipv4: string; readonly ipv6: string };
  readonly host: HostRules;
  readonly networks: readonly Network[];
  /** The answer to `GET /networks` they were read from. */
  readonly networksAnswer: unknown;
  readonly owned: OwnedHost;
}

/** The names of all recordings, e.g. `engine-28.5-plain`. */
export function recordingNames(): readonly string[] {
  return readdirSync(FIXTURES).filter((name) => existsSync(`${FIXTURES}${name}/ipv4.save`));
}

/** One recording, parsed and owned. */
export function recording(name: string): Recording {
  const read = (file: string): string => readFileSync(`${FIXTURES}${name}/${file}`, 'latin1');
  const text = { ipv4: read('ipv4.save'), ipv6: read('ipv6.save') };
  const engine = JSON.parse(readFileSync(`${FIXTURES}${name}/engine.json`, 'utf8')) as {
    version: { Version: string };
    networks: unknown;
  };
  const host = { ipv4: parseSave(text.ipv4).ruleset, ipv6: parseSave(text.ipv6).ruleset };
  const networks = networksFrom(engine.networks, eraOf(engine.version.Version));
  return {
    name,
    text,
    host,
    networks,
    networksAnswer: engine.networks,
    owned: ownHost(host, { networks, settled: true }),
  };
}
