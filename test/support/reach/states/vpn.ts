import { load, nft } from './state.ts';

/** Addresses of this host in tunnels, which nobody in the lab is at the other end of. */
export const TUNNELS: ReadonlySet<string> = new Set(['100.64.0.1', '10.66.0.2']);

/** What tailscaled writes, an address of its own and one neighbour included. */
export const TAILSCALE = `mk tailscale0
ip addr add 100.64.0.1/32 dev tailscale0
ip rule add pref 5210 fwmark 0x80000/0xff0000 lookup main
ip rule add pref 5230 fwmark 0x80000/0xff0000 lookup default
ip rule add pref 5250 fwmark 0x80000/0xff0000 unreachable
ip rule add pref 5270 lookup 52
ip route add 100.64.0.2 dev tailscale0 table 52
${load(`*filter
  :ts-input - [0:0]
  :ts-forward - [0:0]
  -I INPUT -j ts-input
  -I FORWARD -j ts-forward
  -A ts-input -s 100.64.0.1/32 -i lo -j ACCEPT
  -A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP
  -A ts-input -i tailscale0 -j ACCEPT
  -A ts-forward -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000
  -A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT
  -A ts-forward -s 100.64.0.0/10 -o tailscale0 -j DROP
  -A ts-forward -o tailscale0 -j ACCEPT
  COMMIT
  *nat
  :ts-postrouting - [0:0]
  -I POSTROUTING -j ts-postrouting
  -A ts-postrouting -m mark --mark 0x40000/0xff0000 -j MASQUERADE
  COMMIT`)}`;

/** `wg-quick up` with AllowedIPs 0.0.0.0/0. */
export const WG_QUICK = `mk wg0
ip addr add 10.66.0.2/32 dev wg0
ip rule add pref 32764 not fwmark 51820 lookup 51820
ip rule add pref 32763 lookup main suppress_prefixlength 0
ip route add default dev wg0 table 51820
${nft(`table ip wg-quick-wg0 {
  chain preraw { type filter hook prerouting priority raw; policy accept;
    iifname != "wg0" ip daddr 10.66.0.2 fib saddr type != local drop }
  chain premangle { type filter hook prerouting priority mangle; policy accept;
    meta l4proto udp meta mark set ct mark }
  chain postmangle { type filter hook postrouting priority mangle; policy accept;
    meta l4proto udp meta mark 0x0000ca6c ct mark set meta mark }
}`)}`;
