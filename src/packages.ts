/** Distributions, by what installs programs there and what its packages are called. */
export type Distribution = 'debian' | 'el8' | 'fedora' | 'suse' | 'alpine' | 'arch';

/** Packages by the programs they bring; `iptables` stands for all of its programs but those of variant legacy. */
type Packages = Readonly<Partial<Record<string, string>>>;

const UTIL_LINUX = ['flock', 'logger', 'nsenter', 'prlimit', 'setpriv', 'unshare'];

/** Most distributions call them so. */
const USUAL: Packages = {
  conntrack: 'conntrack-tools',
  ip: 'iproute2',
  ipset: 'ipset',
  iptables: 'iptables',
  nft: 'nftables',
  perl: 'perl',
  ssh: 'openssh-clients',
  tcpdump: 'tcpdump',
  ...Object.fromEntries(UTIL_LINUX.map((program) => [program, 'util-linux'])),
};

const EL: Packages = { ip: 'iproute', perl: 'perl-interpreter' };

const INSTALLS: Readonly<Record<Distribution, { readonly command: string; readonly packages: Packages }>> = {
  // `ssh` is a package that installs a server too.
  debian: {
    command: 'apt-get install',
    packages: { conntrack: 'conntrack', logger: 'bsdutils', perl: 'perl-base', ssh: 'openssh-client' },
  },
  el8: { command: 'dnf install', packages: EL },
  // Since EL 9 each variant has a package of its own; one that is only called iptables is there no more.
  fedora: {
    command: 'dnf install',
    packages: { ...EL, iptables: 'iptables-nft', 'iptables-legacy': 'iptables-legacy' },
  },
  suse: { command: 'zypper install', packages: { perl: 'perl-base' } },
  alpine: {
    command: 'apk add',
    packages: { ssh: 'openssh-client-default', 'iptables-legacy': 'iptables-legacy' },
  },
  arch: { command: 'pacman -S', packages: { ssh: 'openssh' } },
};

/** By ID, and by what is named in ID_LIKE. */
const NAMES: ReadonlyMap<string, Distribution> = new Map(
  (
    [
      ['debian', ['debian', 'ubuntu']],
      ['fedora', ['fedora', 'rhel', 'centos', 'rocky', 'almalinux', 'ol', 'amzn']],
      ['suse', ['suse', 'opensuse', 'sles', 'sled', 'opensuse-leap', 'opensuse-tumbleweed']],
      ['alpine', ['alpine', 'postmarketos']],
      ['arch', ['arch', 'archarm', 'manjaro']],
    ] as const
  ).flatMap(([distribution, names]) => names.map((name) => [name, distribution] as const)),
);

/** One assignment; what a value may hold that is of use here. */
const FIELD = /^([A-Z_]+)=(["']?)([\w.: -]*)\2\s*$/;

/**
 * The distribution that an os-release names. None of its text goes into what is returned.
 *
 * @param osRelease - the text of /etc/os-release
 * @returns undefined for one that is not known here, and for one whose package manager may not install anything: its /usr comes as an image
 */
export function distributionFrom(osRelease: string): Distribution | undefined {
  const lines = osRelease.split('\n');
  const fields = new Map(
    lines.flatMap((line) => {
      const [, name = '', , value] = FIELD.exec(line) ?? [];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const id = fields.get('ID') ?? '';
  // Fedora CoreOS and its like; SUSE's of the name Micro.
  if (lines.some((line) => line.startsWith('OSTREE_VERSION=')) || /micro/.test(id)) return undefined;
  const names = [id, ...(fields.get('ID_LIKE') ?? '').split(' ')];
  const found = names.map((name) => NAMES.get(name)).find((one) => one !== undefined);
  return found === 'fedora' && fields.get('PLATFORM_ID') === 'platform:el8' ? 'el8' : found;
}

/**
 * How a program is installed: one sentence, the same for all programs of a package.
 *
 * @param distribution - of the host that lacks it; undefined where it is not known
 */
export function howToInstall(program: string, distribution: Distribution | undefined): string {
  const packages: Packages = { ...USUAL, ...(distribution && INSTALLS[distribution].packages) };
  const name = keysOf(program)
    .map((key) => packages[key])
    .find((one) => one !== undefined);
  if (name === undefined) return `Install the package that has ${program}`;
  return distribution === undefined
    ? `Install its package, usually called ${name}`
    : `Install it: ${INSTALLS[distribution].command} ${name}`;
}

/** What a program may be listed as, the first that is counts. */
const keysOf = (program: string): readonly string[] =>
  /^ip6?tables/.test(program)
    ? [...(program.includes('-legacy') ? ['iptables-legacy'] : []), 'iptables']
    : Object.hasOwn(USUAL, program)
      ? [program]
      : [];
