/** Docker's firewall backends that the demo can be played with. */
export const DEMO_FIREWALLS = ['iptables', 'nftables'] as const;
export type DemoFirewall = (typeof DEMO_FIREWALLS)[number];
