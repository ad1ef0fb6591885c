import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';

/** One process for each family shows links, addresses, routes and rules. */
const NETWORK = String.raw`
network() {
  printf 'link show\naddr show\nroute show table all\nrule show\n' | ip -4 -o -batch -
  printf 'addr show\nroute show table all\nrule show\n' | ip -6 -o -batch -
}`;

/** Prints all that a plant may change, under headings; its arguments are `NAME PID` of running containers. */
const FINGERPRINT = String.raw`${NETWORK}
for save in iptables-nft-save ip6tables-nft-save iptables-legacy-save ip6tables-legacy-save; do
  echo "# $save"
  $save
done
echo '# host'
nft list tables
ipset list -n
network
bridge link
cd /proc/sys/net
grep -H . ipv4/ip_forward ipv4/conf/*/forwarding ipv6/conf/*/forwarding ipv4/conf/*/rp_filter ipv4/conf/*/route_localnet ipv6/conf/*/disable_ipv6 bridge/bridge-nf-call-ip*tables
perl -e 'for (glob "/proc/[0-9]*/cmdline") { open my $f, "<", $_ or next; my $l = <$f> // ""; $l =~ tr/\0/ /; print "$l\n" if $l =~ m{^\S*docker-proxy -proto} }'
while [ $# -gt 0 ]; do
  echo "# $1"
  nsenter -t "$2" -n sh -c "$NETWORK_WORD"
  cat "/proc/$2/root/etc/resolv.conf"
  shift 2
done`;

const INSIDE = `${NETWORK}\nnetwork; iptables-save; ip6tables-save`;

/** What differs from one fingerprint to the next: counters, lifetimes, addresses the kernel makes up, names dealt anew. */
const plain = (line: string): string =>
  line
    .replace(/^\d+: /, '')
    .replace(/veth[0-9a-f]{7}/g, 'veth')
    .replace(/@[^:\s]+/, '')
    .replace(/ (?:valid_lft|qlen|link\/|link-netnsid|group|cost|expires) ?.*$/, '')
    .replace(/,?(?:LOWER_UP|NO-CARRIER),?/g, ',')
    .replace(/ (?:pref medium|proto \w+|metric \d+|nodad|linkdown|qdisc \w+|state [A-Z]+|mode \w+)/g, '')
    .replace(/,+(?=>)|(?<=<),+/g, '')
    .replaceAll(/,,+/g, ',')
    .trimEnd();

/** In a container, Docker's name server is on other ports whenever it starts. */
const withoutPorts = (line: string): string =>
  line.replace(/(?:--[ds]ports? \d+|127\.0\.0\.11:\d+|--to-source :\d+)/g, 'PORT');

/** Lines that say nothing, or nothing that lasts. */
const isIdle = (line: string): boolean =>
  (!line.startsWith('-A') && /fe80:|ff00:/.test(line)) ||
  line === '' ||
  /^[#*]|^COMMIT|^:.* (?:ACCEPT|-)(?: |$)|anycast|scope link \\/.test(line);

/** The lines worth comparing, each with what it is about. */
function readLines(text: string): readonly string[] {
  const lines: string[] = [];
  let [of, table] = ['', ''];
  for (const line of text.split('\n')) {
    if (/^# (?:ip6?tables-\w+-save|[a-z]+)$/.test(line)) [of, table] = [line.slice(2), ''];
    else if (/^\*\w+$/.test(line)) table = ` ${line}`;
    else if (line === 'COMMIT') table = '';
    else if (!isIdle(line) && !isIdle(plain(line))) {
      const onHost = of === 'host' || of.endsWith('-save');
      lines.push(`${of}${table}: ${onHost ? plain(line) : withoutPorts(plain(line))}`);
    }
  }
  return lines;
}

interface Listed {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
}

const nameOf = ({ Names }: Listed) => (Names[0] ?? '').slice(1);

/** The state of the engine's machine: rules, links, routes, settings, containers; sorted lines that compare. */
export async function fingerprintOf(engine: Engine): Promise<readonly string[]> {
  const all = (await engine.api('/containers/json?all=true')) as readonly Listed[];
  const networks = (await engine.api('/networks')) as readonly { readonly Name: string }[];
  const pids = await Promise.all(
    all
      .filter(({ State }) => State === 'running')
      .map(async (one) => {
        const inspected = (await engine.api(`/containers/${one.Id}/json`)) as { State: { Pid: number } };
        return [nameOf(one), String(inspected.State.Pid)];
      }),
  );
  const env = { NETWORK_WORD: INSIDE };
  const text = await must(engine.execInside, 'sh', ['-c', FINGERPRINT, 'sh', ...pids.flat()], { env });
  return [
    ...new Set([
      ...readLines(text),
      ...all.map(
        (one) => `${nameOf(one)}: ${one.State} on ${Object.keys(one.NetworkSettings.Networks).join()}`,
      ),
      ...networks.map(({ Name }) => `network ${Name}`),
    ]),
  ].sort();
}
