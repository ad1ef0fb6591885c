import { saved } from './book.ts';
import type { RuleBook, TableName } from './book.ts';

/** Programs other than Docker that write rules, and a person at a shell. */
export const PROGRAMS = ['ufw', 'fail2ban', 'libvirt', 'lxc', 'person'] as const;
export type Program = (typeof PROGRAMS)[number];

/** What a foreign writer does; `comments` are what a person thought worth saying, any bytes but newline and NUL. */
export interface Foreign {
  readonly program: Program;
  /** Written before Docker starts, after its first network, or after everything. */
  readonly when: 'before' | 'between' | 'after';
  readonly comments: readonly string[];
}

type Write = (table: TableName, chain: string, spec: string) => void;

interface Pen {
  readonly book: RuleBook;
  readonly create: (table: TableName, ...chains: readonly string[]) => void;
  readonly append: Write;
  readonly insert: Write;
  readonly v6: boolean;
}

function ufw({ book, create, append, v6 }: Pen): void {
  const name = v6 ? 'ufw6' : 'ufw';
  for (const [chain, policy] of [
    ['INPUT', 'DROP'],
    ['FORWARD', 'DROP'],
    ['OUTPUT', 'ACCEPT'],
  ] as const) {
    const part = (kind: string): string => `${name}-${kind}-${chain.toLowerCase()}`;
    create('filter', part('before'), part('after'), part('user'), part('reject'), part('track'));
    book.policy('filter', chain, policy);
    for (const kind of ['before', 'after', 'reject', 'track']) append('filter', chain, `-j ${part(kind)}`);
    append('filter', part('before'), '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT');
    append('filter', part('before'), '-m conntrack --ctstate INVALID -j DROP');
    append('filter', part('before'), `-j ${part('user')}`);
    append(
      'filter',
      part('after'),
      '-m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "',
    );
  }
  append('filter', `${name}-user-input`, '-p tcp -m tcp --dport 22 -j ACCEPT');
  append(
    'filter',
    `${name}-before-input`,
    `-p ${v6 ? 'ipv6-icmp -m icmp6 --icmpv6-type' : 'icmp -m icmp --icmp-type'} ${v6 ? '128' : '8'} -j ACCEPT`,
  );
}

function fail2ban({ create, append, insert, v6 }: Pen): void {
  create('filter', 'f2b-sshd');
  append(
    'filter',
    'f2b-sshd',
    `-s ${v6 ? '2001:db8::7/128' : '192.0.2.7/32'} -j REJECT --reject-with ${v6 ? 'icmp6' : 'icmp'}-port-unreachable`,
  );
  append('filter', 'f2b-sshd', '-j RETURN');
  insert('filter', 'INPUT', '-p tcp -m multiport --dports 22,2222 -j f2b-sshd');
}

function libvirt({ create, append, insert, v6 }: Pen): void {
  const subnet = v6 ? 'fd00:beef::/64' : '192.168.122.0/24';
  for (const [chain, from] of [
    ['LIBVIRT_INP', 'INPUT'],
    ['LIBVIRT_FWX', 'FORWARD'],
    ['LIBVIRT_FWI', 'FORWARD'],
    ['LIBVIRT_FWO', 'FORWARD'],
  ] as const) {
    create('filter', chain);
    insert('filter', from, `-j ${chain}`);
  }
  append('filter', 'LIBVIRT_INP', '-i virbr0 -p udp -m udp --dport 53 -j ACCEPT');
  append('filter', 'LIBVIRT_FWO', `-s ${subnet} -i virbr0 -j ACCEPT`);
  append(
    'filter',
    'LIBVIRT_FWO',
    `-i virbr0 -j REJECT --reject-with ${v6 ? 'icmp6' : 'icmp'}-port-unreachable`,
  );
  append(
    'filter',
    'LIBVIRT_FWI',
    `-d ${subnet} -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  );
  append('filter', 'LIBVIRT_FWX', '-i virbr0 -o virbr0 -j ACCEPT');
  create('nat', 'LIBVIRT_PRT');
  insert('nat', 'POSTROUTING', '-j LIBVIRT_PRT');
  append('nat', 'LIBVIRT_PRT', `-s ${subnet} ! -d ${subnet} -p tcp -j MASQUERADE --to-ports 1024-65535`);
  append('nat', 'LIBVIRT_PRT', `-s ${subnet} ! -d ${subnet} -j MASQUERADE`);
  create('mangle', 'LIBVIRT_PRT');
  insert('mangle', 'POSTROUTING', '-j LIBVIRT_PRT');
  append('mangle', 'LIBVIRT_PRT', '-o virbr0 -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill');
}

/** Shapes that look much like Docker's own, from a bridge that is not Docker's. */
function lxc({ insert, append, v6 }: Pen): void {
  const subnet = v6 ? 'fd00:cafe::/64' : '10.0.3.0/24';
  insert('filter', 'FORWARD', '-i lxcbr0 -j ACCEPT');
  insert('filter', 'FORWARD', '-o lxcbr0 -j ACCEPT');
  insert('filter', 'FORWARD', '-i lxcbr0 -o lxcbr0 -j ACCEPT');
  append('nat', 'POSTROUTING', `-s ${subnet} ! -d ${subnet} -j MASQUERADE`);
  append('filter', 'INPUT', '-i lxcbr0 -p tcp -m tcp --dport 53 -j ACCEPT');
}

/** Rules typed by hand, in the built-in chains, in DOCKER-USER and, against all advice, in Docker's own chain. */
function person({ book, append, insert, v6 }: Pen, comments: readonly string[]): void {
  const vpn = v6 ? '2001:db8:8::/64' : '10.8.0.0/24';
  insert('filter', 'FORWARD', `-s ${vpn} -i wg0 -j ACCEPT`);
  append('filter', 'FORWARD', `-d ${vpn} -o wg0 -j ACCEPT`);
  insert('nat', 'POSTROUTING', `-s ${vpn} -o eth0 -j SNAT --to-source ${v6 ? '2001:db8::1' : '203.0.113.1'}`);
  append(
    'nat',
    'PREROUTING',
    `-i eth0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination ${v6 ? '[2001:db8::9]' : '203.0.113.9'}:443`,
  );
  append('mangle', 'FORWARD', '-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu');
  const blocked = `-s ${v6 ? '2001:db8:bad::/48' : '198.51.100.0/24'}`;
  for (const chain of ['DOCKER-USER', 'DOCKER'])
    if (book.has('filter', chain)) insert('filter', chain, `${blocked} -i eth0 -j DROP`);
  comments.forEach((comment, index) => {
    const spec = `-i eth${String(index)} -m comment --comment ${saved(comment)} -j ACCEPT`;
    if (index % 2 === 0) insert('filter', 'FORWARD', spec);
    else append('filter', 'INPUT', spec);
  });
}

/** Writes what one foreign program writes. */
export function writeForeign(book: RuleBook, { program, comments }: Foreign): void {
  const pen: Pen = {
    book,
    create(table, ...chains) {
      for (const chain of chains) book.create(table, chain, 'foreign');
    },
    append(table, chain, spec) {
      book.append(table, chain, spec, 'foreign');
    },
    insert(table, chain, spec) {
      book.insert(table, chain, spec, 'foreign');
    },
    v6: book.family === 'ipv6',
  };
  const writers: Readonly<Record<Program, () => void>> = {
    ufw: () => {
      ufw(pen);
    },
    fail2ban: () => {
      fail2ban(pen);
    },
    libvirt: () => {
      libvirt(pen);
    },
    lxc: () => {
      lxc(pen);
    },
    person: () => {
      person(pen, comments);
    },
  };
  writers[program]();
}
