import type { RuleBook, TableName } from './book.ts';
import type { Writer } from './docker.ts';
import { ESTABLISHED, isLate } from './host.ts';
import type { Daemon, Port } from './host.ts';

/** Services of the routing mesh and encrypted overlays of an IPv4 book; Docker writes neither for IPv6. */
export function writeSwarm(book: RuleBook, { era, ingress, overlays }: Daemon, writer: Writer): void {
  const append = (table: TableName, chain: string, spec: string): void => {
    book.append(table, chain, spec, 'docker');
  };
  const insert = (table: TableName, chain: string, spec: string): void => {
    book.insert(table, chain, spec, 'docker');
  };

  const mesh = (ports: readonly Port[]): void => {
    writer.network({
      bridge: 'docker_gwbridge',
      subnet: 14,
      icc: false,
      internal: false,
      ipv6: false,
      endpoints: [[]],
    });
    for (const table of ['nat', 'filter'] as const) {
      book.create(table, 'DOCKER-INGRESS', 'docker');
      append(table, 'DOCKER-INGRESS', '-j RETURN');
    }
    for (const chain of ['PREROUTING', 'OUTPUT'])
      insert('nat', chain, '-m addrtype --dst-type LOCAL -j DOCKER-INGRESS');
    book.moveToTop(isLate(era) ? 'DOCKER-FORWARD' : 'FORWARD', '-j DOCKER-INGRESS');
    if (!isLate(era)) book.moveToTop('FORWARD', '-j DOCKER-USER');
    insert('nat', 'POSTROUTING', '-o docker_gwbridge -m addrtype --src-type LOCAL -j MASQUERADE');
    for (const { protocol, host } of ports) {
      const forth = `-p ${protocol} -m ${protocol} --dport ${String(host)}`;
      const back = `-m ${protocol} --sport ${String(host)}`;
      insert('nat', 'DOCKER-INGRESS', `${forth} -j DNAT --to-destination 172.31.0.2:${String(host)}`);
      // The state match was used up to 24; save prints the matches in the order they were given.
      const state = '-m state --state RELATED,ESTABLISHED';
      const reply = era < 'E' ? `${state} ${back} -j ACCEPT` : `${back} ${ESTABLISHED}`;
      insert('filter', 'DOCKER-INGRESS', `-p ${protocol} ${reply}`);
      insert('filter', 'DOCKER-INGRESS', `${forth} -j ACCEPT`);
    }
  };

  const overlay = (vni: number): void => {
    const bpf = '7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0';
    const code =
      era < 'D'
        ? `-m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x${(vni * 256).toString(16)}"`
        : `-m bpf --bytecode "${bpf} ${String(vni)},6 0 0 0,6 0 0 4294967295"`;
    const vxlan = `-m udp --dport 4789 ${code}`;
    append('mangle', 'OUTPUT', `-p udp ${vxlan} -j MARK --set-xmark 0xd0c4e3/0xffffffff`);
    insert('filter', 'INPUT', `-p udp -m policy --dir in --pol none ${vxlan} -j DROP`);
    if (era < 'E') append('filter', 'INPUT', `-p udp -m policy --dir in --pol ipsec ${vxlan} -j ACCEPT`);
  };

  if (ingress !== undefined) mesh(ingress);
  for (const vni of overlays) overlay(vni);
}
