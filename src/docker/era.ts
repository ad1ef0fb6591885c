/** What one Engine version writes, where versions differ. Source of every field: docker-rules §0 and §1. */
export interface Era {
  /** Where per-network rules of filter stand: FORWARD, FORWARD with address sets (28.0.0), or chains of Docker's own. */
  readonly layout: 'forward' | 'sets' | 'chains';
  /** Two isolation stages up to 28; from 29 on only internal networks are closed, in DOCKER-INTERNAL. */
  readonly isolation: 'stages' | 'internal';
  readonly userReturn: boolean;
  /** Which families DOCKER-USER exists in: IPv4 alone up to 22. */
  readonly userIpv6: boolean;
  readonly ip6tables: 'unknown' | 'opt-in' | 'default';
  /** IPv6 isolation rules for every network, whether it uses IPv6 or not. */
  readonly ipv6IsolatesAll: boolean;
  /** IPv6 internal networks are closed in IPv4's words up to 23. */
  readonly ipv6InternalByInterface: boolean;
  readonly gatewayModes: boolean;
  /** Option `host_ipv6`: Engine 20.10 takes it and masquerades all the same (recorded); known from 25 on. */
  readonly hostIpv6: boolean;
  /** Jumps of nat are written at daemon start, not with the first network. */
  readonly natJumpsAtStart: boolean;
  /** IPv6 translations leave out link-local sources. */
  readonly skipsLinkLocal: boolean;
  readonly proxyReturn: 'masqueraded' | 'routed-too' | 'never';
  readonly hairpinPorts: 'always' | 'without-proxy';
  readonly sctpChecksum: 'always' | 'asked' | 'never';
  /** What closes addresses in raw: each published port, or each endpoint. */
  readonly rawDrops: 'none' | 'port' | 'endpoint';
  /** DOCKER_INSECURE_NO_IPTABLES_RAW is heard from 28.0.2 on. */
  readonly rawOptional: boolean;
  readonly overlay: OverlayEra;
  /** The ingress rules' match on established connections. */
  readonly ingressMatch: 'state' | 'conntrack';
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
 * What an Engine of this version writes. A version newer than 29 is taken for the newest known.
 *
 * @param text - as `GET /version` says it
 * @returns undefined before 18.03.1 and for 18.04.0, whose isolation is another, and for what is no version
 */
export function eraOf(text: string): Era | undefined {
  const version = parseVersion(text);
  if (version === undefined) return undefined;
  const before = (...other: Version): boolean => isBefore(version, other);
  if (before(18, 3, 1) || (!before(18, 4, 0) && before(18, 5, 0))) return undefined;
  return {
    layout: before(28, 0, 0) ? 'forward' : before(28, 0, 1) ? 'sets' : 'chains',
    isolation: before(29, 0, 0) ? 'stages' : 'internal',
    userReturn: before(28, 2, 2),
    userIpv6: !before(23, 0, 0),
    ip6tables: before(20, 10, 0) ? 'unknown' : before(27, 0, 0) ? 'opt-in' : 'default',
    ipv6IsolatesAll: before(28, 0, 1),
    ipv6InternalByInterface: !before(24, 0, 0),
    gatewayModes: !before(27, 0, 0),
    hostIpv6: !before(25, 0, 0),
    natJumpsAtStart: !before(28, 0, 0),
    skipsLinkLocal: !before(28, 0, 0),
    proxyReturn: !before(29, 0, 0)
      ? 'never'
      : !before(28, 0, 0) && before(28, 0, 2)
        ? 'routed-too'
        : 'masqueraded',
    hairpinPorts: before(28, 0, 0) ? 'always' : 'without-proxy',
    sctpChecksum: before(28, 0, 0) ? 'always' : before(29, 0, 0) ? 'asked' : 'never',
    rawDrops: before(28, 0, 0) ? 'none' : before(28, 2, 0) ? 'port' : 'endpoint',
    rawOptional: !before(28, 0, 2),
    overlay: {
      match: before(24, 0, 0) ? 'u32' : 'bpf',
      bytecode: before(24, 0, 0) ? 'old' : 'new',
      input: inputEra(version),
    },
    ingressMatch: before(25, 0, 0) ? 'state' : 'conntrack',
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
  return JSON.stringify(eraOf(a)) === JSON.stringify(eraOf(b));
}
