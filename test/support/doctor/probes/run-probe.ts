/**
 * Probes paths in the network namespace it is started in: what the Engine and a trace would know comes on standard input,
 * what this namespace itself shows is looked up here. Prints the checks, how long they took and the live rules' texts.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { NamedPath } from '../../../../src/doctor/diagnosis.ts';
import type { ContainerFacts, Facts } from '../../../../src/doctor/facts/facts.ts';
import { readVariant } from '../../../../src/host/xtables/kernel.ts';
import { probePaths } from '../../../../src/app/diagnose/probe.ts';
import { realDiagnosisHost } from '../../../../src/app/diagnose/real-diagnosis-host.ts';
import type { NetworkLink, LinkAddress } from '../../../../src/trace/network-state.ts';

/** The input of this program. */
export interface ProbeRequest {
  readonly facts: Omit<Facts, 'netState' | 'containers'>;
  /** With the path of the network namespace in place of what is inside. */
  readonly containers: readonly (Omit<ContainerFacts, 'inside'> & { readonly netns: string })[];
  readonly paths: readonly NamedPath[];
}

interface IpLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly link_index?: number;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info: readonly { family: string; local: string; prefixlen: number; scope: string }[];
}

function linksOf(netns: string): readonly NetworkLink[] {
  const show = ['-d', '-j', 'address', 'show'];
  const [file, args] =
    netns === '' ? (['ip', show] as const) : (['nsenter', [`--net=${netns}`, 'ip', ...show]] as const);
  const found = JSON.parse(execFileSync(file, args, { encoding: 'utf8' })) as readonly IpLink[];
  return found.map((link) => ({
    name: link.ifname,
    index: link.ifindex,
    peerIndex: link.link_index ?? 0,
    kind: link.linkinfo?.info_kind ?? '',
    master: link.master ?? '',
    up: link.flags.includes('UP'),
    carrier: link.flags.includes('LOWER_UP'),
    mtu: 1500,
    mac: '',
    portState: '',
    addresses: link.addr_info.map(({ family, local, prefixlen, scope }): LinkAddress => ({
      family: family === 'inet' ? 'ipv4' : 'ipv6',
      address: local,
      length: prefixlen,
      scope,
    })),
  }));
}

const { facts, containers, paths } = JSON.parse(readFileSync(0, 'utf8')) as ProbeRequest;
const held = await readVariant('nft');
const nothing = { sets: undefined, natives: undefined, routes: [], routeRules: [], sysctls: new Map() };
const all: Facts = {
  ...facts,
  netState: { ...nothing, rulesets: [held], links: linksOf('') },
  containers: containers.map(({ netns, ...container }) => ({
    ...container,
    inside: {
      netns,
      links: linksOf(netns),
      routes: [],
      listeners: [],
      resolvers: undefined,
      ownRules: undefined,
      sysctls: new Map<string, string>(),
    },
  })),
};
const start = performance.now();
const checks = await probePaths(realDiagnosisHost('/nowhere'), { paths }, all);
console.log(JSON.stringify({ checks, took: performance.now() - start }));
