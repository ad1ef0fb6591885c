import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';

/**
 * Words that scripts of plants may use besides the machine's own tools:
 * `pid NAME`: process id of a container; `inside NAME COMMAND …`: runs one of the machine's programs in its network;
 * `veth NAME [eth0]`: the host's end of its interface; `put VALUE PATH …`: writes a setting below /proc/sys/net.
 */
export const PRELUDE = String.raw`
pid() { docker inspect -f '{{.State.Pid}}' "$1"; }
inside() { _name=$1; shift; nsenter -t "$(pid "$_name")" -n "$@"; }
veth() {
  _index=$(inside "$1" ip -o link show "${'${2:-eth0}'}" | sed 's/^[0-9]*: [^@]*@if\([0-9]*\):.*/\1/')
  ip -o link | sed -n "s/^$_index: \([^@:]*\).*/\1/p"
}
put() { _value=$1; shift; for _path; do echo "$_value" >"/proc/sys/net/$_path"; done; }
`;

/** Prints all that a plant may change, one line each, with what differs from one look to the next left out. */
const LOOK = String.raw`
rules() { "$@" | sed -n '/^-A\|^:[A-Z]* DROP/p'; }
for save in iptables-nft-save ip6tables-nft-save iptables-legacy-save ip6tables-legacy-save; do
  for table in raw mangle nat filter; do rules $save -t $table 2>/dev/null | sed "s/^/$save $table /"; done
done
nft list tables
ipset list -n
ip -o link | sed 's/^[0-9]*: //; s/LOWER_UP\|NO-CARRIER//g; s/ state [A-Z]*//; s/ qdisc [a-z]*//; s/@[^:]*//; s/ link\/.*//; s/ group.*//' | tr -s ,
bridge -o link | sed 's/^[0-9]*: //; s/@[^:]*//; s/ cost.*//; s/,LOWER_UP//'
ip -o -4 addr | sed 's/^[0-9]*: //; s/ valid_lft.*//'
ip -o -6 addr | grep -v 'scope link' | sed 's/^[0-9]*: //; s/ valid_lft.*//'
ip -4 route show table all
ip -6 route show table all | grep -v 'fe80:\|ff00:\|anycast'
ip -4 rule
ip -6 rule
cd /proc/sys/net
grep -H . ipv4/ip_forward ipv4/conf/*/forwarding ipv6/conf/*/forwarding ipv4/conf/*/rp_filter ipv4/conf/*/route_localnet ipv6/conf/*/disable_ipv6 bridge/bridge-nf-call-ip*tables
perl -e 'for (glob "/proc/[0-9]*/cmdline") { open my $f, "<", $_ or next; my $l = <$f> // ""; $l =~ tr/\0/ /; print "$l\n" if $l =~ m{^\S*docker-proxy -proto} }' | sort -u
docker ps -a --format '{{.Names}} {{.State}} {{.Networks}}'
docker network ls --format 'network {{.Name}}'
docker ps -q | xargs docker inspect -f '{{.Name}} {{.State.Pid}}' | sort | while read -r name pid; do
  {
    nsenter -t "$pid" -n sh -c 'ip -o link | sed "s/.*: \(eth[0-9]*\)@[^<]*/\1 /; s/LOWER_UP//; s/ state [A-Z]*//; s/ qdisc [a-z]*//; s/ link\/.*//; s/ group.*//"; ip -o -4 addr; ip -o -6 addr | grep -v "scope link"; ip route; ip -6 route | grep -v fe80; iptables-save; ip6tables-save' | grep -v '^[#:*]\|^COMMIT' | sed 's/^[0-9]*: //; s/ valid_lft.*//; s/--dports\? [0-9]*//; s/:[0-9]*$//; s/--sport [0-9]*//'
    cat /proc/$pid/root/etc/resolv.conf | grep ^nameserver
  } | sed "s,^,$name ,"
done
`;

/** Names of host ends of veth pairs are dealt anew whenever a container starts; so are flowlabels and the like. */
const plain = (line: string): string =>
  line
    .replace(/veth[0-9a-f]{7}/g, 'veth')
    .replace(/ (?:pref medium|proto \w+|metric \d+)/g, '')
    .replace(/^-([A-Z]) /, '$1 ')
    .trimEnd();

/** How the engine's machine stands: rules, links, routes, settings, containers; sorted lines that compare. */
export async function fingerprintOf({ execInside }: Engine): Promise<readonly string[]> {
  const text = await must(execInside, 'sh', ['-c', LOOK]);
  return [
    ...new Set(
      text
        .split('\n')
        .map(plain)
        .filter((line) => line !== ''),
    ),
  ].sort();
}
