/**
 * What one Engine version does, where versions differ. Source of every field:
 * docs/reference/docker-iptables.md#eras.
 */
export interface Era {
  readonly ip6tables: 'unknown' | 'opt-in' | 'default';
  readonly options: OptionsEra;
  readonly reading: ReadingEra;
  readonly policy: PolicyEra;
  readonly writing: WritingEra;
}

/** What an Engine means packets to do, where versions differ: read by `docker/intent` alone. */
export interface PolicyEra {
  /** Whether bridge networks are kept apart: up to 28. From 29 on packets of another network fare as those from outside. */
  readonly keepsApart: boolean;
  /** Whether that holds in IPv6 for networks without IPv6 too. */
  readonly keepsUnusedApart: boolean;
  /** Whether Docker decides about unpublished ports: from 28 on. Up to 27 it only opens; what it does not open is left to the host. */
  readonly closesUnpublished: boolean;
  /** What is closed to packets that are addressed to a container itself and come past its bridge: published ports, or all of it. */
  readonly closesDirect: 'nothing' | 'ports' | 'addresses';
  /** DOCKER_INSECURE_NO_IPTABLES_RAW, which leaves all that open, has an effect from 28.0.2 on. */
  readonly directOptional: boolean;
  /** IPv6 translations leave out link-local sources. */
  readonly skipsLinkLocal: boolean;
  /** Networks whose containers have docker-proxy answer what they ask of any published port. */
  readonly proxyServes: 'masqueraded' | 'routed-too' | 'none';
  /**
   * From which address docker-proxy answers a datagram to a port of every address: the one that was asked, from 28 on, or
   * whichever its route gives (measured on 26.1 and 28.5).
   */
  readonly proxyAnswers: 'as-asked' | 'as-routed';
  /** When a container's own packets to its published port come back with the host's address. */
  readonly hairpinPorts: 'always' | 'without-proxy';
  /** Whether checksums of published sctp ports are filled in. */
  readonly sctpChecksum: 'always' | 'asked' | 'never';
}

/** How an Engine says that with iptables, where versions differ: words and places, never what gets through. */
export interface WritingEra {
  /** Where per-network rules of filter are: FORWARD, FORWARD with address sets (28.0.0), or chains of Docker's own. */
  readonly layout: 'forward' | 'sets' | 'chains';
  /** The chains that close: two isolation stages up to 28; from 29 on DOCKER-INTERNAL. */
  readonly isolation: 'stages' | 'internal';
  readonly userReturn: boolean;
  /** Which families DOCKER-USER exists in: IPv4 alone up to 22. */
  readonly userIpv6: boolean;
  /** IPv6 internal networks are closed in IPv4's words up to 23. */
  readonly ipv6InternalByInterface: boolean;
  /** Jumps of nat are written at daemon start, not with the first network. */
  readonly natJumpsAtStart: boolean;
  readonly overlay: OverlayEra;
  /** The ingress rules' match on established connections. */
  readonly ingressMatch: 'state' | 'conntrack';
}

/** Which driver options of a bridge network an Engine knows; it keeps and ignores any other. */
export interface OptionsEra {
  /** `gateway_mode_ipv4` and `gateway_mode_ipv6`. */
  readonly gatewayModes: boolean;
  /** `host_ipv6`: Engine 20.10 takes it and masquerades all the same (recorded); known from 25 on. */
  readonly hostIpv6: boolean;
  /** `trusted_host_interfaces`. */
  readonly trustedInterfaces: boolean;
}

/** How to read an Engine's answers, where versions differ. */
export interface ReadingEra {
  /** Which endpoints a port opens on in routed networks: the one with the container's gateway, or (from 29 on) each. */
  readonly routedPorts: 'gateway' | 'each';
  /** `GET /containers/json` lists ports without a host port: up to 28. 29 logs "invalid host port map" and leaves them out. */
  readonly listsRoutedPorts: boolean;
  /**
   * Whose gateway a container has: up to 29.4.0 that of the first network with both families, from 29.4.1 on, in each family,
   * that of the first network with this family.
   */
  readonly gatewayChoice: 'dual-first' | 'per-family';
  /** Which networks give a default route without a gateway: ipvlan of layer 3, from 28 on; any macvlan or ipvlan, from 29 on. */
  readonly routesWithoutGateway: 'never' | 'layer-3' | 'always';
}

export interface OverlayEra {
  readonly match: 'u32' | 'bpf';
  /** The bytecode of `-m bpf` differs from 24 on. */
  readonly bytecode: 'old' | 'new';
  readonly input: 'accept-then-drop' | 'drop-and-accept' | 'drop';
}

type Version = readonly [major: number, minor: number, patch: number];

/** The three numbers of an Engine's version, e.g. of `28.5.2+dfsg4`; undefined for a text without them (`dev`). */
function parseVersion(text: string): Version | undefined {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
}

const isBefore = (a: Version, b: Version): boolean => {
  const at = a.findIndex((number, i) => number !== b[i]);
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0);
};

/**
 * What an Engine of this version does. A version newer than 29 is treated as the newest known.
 *
 * @param text - as `GET /version` says it
 * @returns undefined before 18.03.1 and for 18.04.0, whose isolation differs, and for a text that is not a version
 */
export function eraOf(text: string): Era | undefined {
  const version = parseVersion(text);
  if (version === undefined) return undefined;
  const before = (...other: Version): boolean => isBefore(version, other);
  if (before(18, 3, 1) || (!before(18, 4, 0) && before(18, 5, 0))) return undefined;
  return {
    ip6tables: before(20, 10, 0) ? 'unknown' : before(27, 0, 0) ? 'opt-in' : 'default',
    options: {
      gatewayModes: !before(27, 0, 0),
      hostIpv6: !before(25, 0, 0),
      trustedInterfaces: !before(28, 2, 0),
    },
    reading: {
      routedPorts: before(29, 0, 0) ? 'gateway' : 'each',
      listsRoutedPorts: before(29, 0, 0),
      gatewayChoice: before(29, 4, 1) ? 'dual-first' : 'per-family',
      routesWithoutGateway: before(28, 0, 0) ? 'never' : before(29, 0, 0) ? 'layer-3' : 'always',
    },
    policy: {
      keepsApart: before(29, 0, 0),
      keepsUnusedApart: before(28, 0, 1),
      closesUnpublished: !before(28, 0, 0),
      closesDirect: before(28, 0, 0) ? 'nothing' : before(28, 2, 0) ? 'ports' : 'addresses',
      directOptional: !before(28, 0, 2),
      skipsLinkLocal: !before(28, 0, 0),
      proxyServes: !before(29, 0, 0)
        ? 'none'
        : !before(28, 0, 0) && before(28, 0, 2)
          ? 'routed-too'
          : 'masqueraded',
      proxyAnswers: before(28, 0, 0) ? 'as-routed' : 'as-asked',
      hairpinPorts: before(28, 0, 0) ? 'always' : 'without-proxy',
      sctpChecksum: before(28, 0, 0) ? 'always' : before(29, 0, 0) ? 'asked' : 'never',
    },
    writing: {
      layout: before(28, 0, 0) ? 'forward' : before(28, 0, 1) ? 'sets' : 'chains',
      isolation: before(29, 0, 0) ? 'stages' : 'internal',
      userReturn: before(28, 2, 2),
      userIpv6: !before(23, 0, 0),
      ipv6InternalByInterface: !before(24, 0, 0),
      natJumpsAtStart: !before(28, 0, 0),
      overlay: {
        match: before(24, 0, 0) ? 'u32' : 'bpf',
        bytecode: before(24, 0, 0) ? 'old' : 'new',
        input: inputEra(version),
      },
      ingressMatch: before(25, 0, 0) ? 'state' : 'conntrack',
    },
  };
}

function inputEra(version: Version): OverlayEra['input'] {
  const is23 = version[0] === 23;
  const old = is23 ? isBefore(version, [23, 0, 3]) : isBefore(version, [20, 10, 24]);
  if (old) return 'accept-then-drop';
  return isBefore(version, [25, 0, 0]) ? 'drop-and-accept' : 'drop';
}

/** Whether two Engine versions write the same rules for the same inventory. */
export function sameEra(a: string, b: string): boolean {
  const writing = (text: string): string => JSON.stringify({ ...eraOf(text), reading: undefined });
  return writing(a) === writing(b);
}
