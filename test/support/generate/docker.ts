import type { RuleBook, TableName } from './book.ts';
import { ESTABLISHED, isLate } from './host.ts';
import type { Daemon, Network, Port } from './host.ts';

/** What one daemon writes, in the order it writes it. Source: docs/reference/docker-iptables.md. */
export class Writer {
  readonly #book: RuleBook;
  readonly #daemon: Daemon;
  readonly #bridges: string[] = [];

  constructor(book: RuleBook, daemon: Daemon) {
    this.#book = book;
    this.#daemon = daemon;
  }

  #create(table: TableName, ...chains: readonly string[]): void {
    for (const chain of chains) this.#book.create(table, chain, 'docker');
  }
  #append(table: TableName, chain: string, spec: string): void {
    this.#book.append(table, chain, spec, 'docker');
  }
  #insert(table: TableName, chain: string, spec: string): void {
    this.#book.insert(table, chain, spec, 'docker');
  }

  get #v6(): boolean {
    return this.#book.family === 'ipv6';
  }

  /** DOCKER-USER is IPv4 only up to 20.10. */
  get #hasUser(): boolean {
    return !(this.#v6 && this.#daemon.era === 'C');
  }

  start(): void {
    const { era, dropsForward } = this.#daemon;
    this.#create('nat', 'DOCKER');
    this.#create('filter', 'DOCKER');
    if (isLate(era)) this.#startLate();
    else this.#startEarly();
    if (dropsForward || (this.#v6 && !isLate(era))) this.#book.policy('filter', 'FORWARD', 'DROP');
  }

  #startEarly(): void {
    const { era } = this.#daemon;
    const chains =
      era === 'A' ? ['DOCKER-ISOLATION'] : ['DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2'];
    this.#create('filter', ...chains);
    for (const chain of chains) this.#append('filter', chain, '-j RETURN');
  }

  #startLate(): void {
    const { era } = this.#daemon;
    const middle = era === 'G' ? 'DOCKER-INTERNAL' : 'DOCKER-ISOLATION-STAGE-1';
    this.#create('filter', 'DOCKER-BRIDGE', 'DOCKER-CT', 'DOCKER-FORWARD', 'DOCKER-USER', middle);
    if (era !== 'G') this.#create('filter', 'DOCKER-ISOLATION-STAGE-2');
    for (const target of ['DOCKER-BRIDGE', middle, 'DOCKER-CT'])
      this.#insert('filter', 'DOCKER-FORWARD', `-j ${target}`);
    this.#natJumps();
    this.#book.moveToTop('FORWARD', '-j DOCKER-FORWARD');
    if (era <= 'F2') this.#append('filter', 'DOCKER-USER', '-j RETURN');
    this.#book.moveToTop('FORWARD', '-j DOCKER-USER');
  }

  #natJumps(): void {
    const except = this.#daemon.userlandProxy ? `! -d ${this.#v6 ? '::1/128' : '127.0.0.0/8'} ` : '';
    this.#append('nat', 'PREROUTING', '-m addrtype --dst-type LOCAL -j DOCKER');
    this.#append('nat', 'OUTPUT', `${except}-m addrtype --dst-type LOCAL -j DOCKER`);
  }

  /** Creates a network and connects its endpoints. */
  network(network: Network): void {
    const ofFamily = !this.#v6 || network.ipv6;
    if (isLate(this.#daemon.era)) {
      if (ofFamily) this.#networkLate(network);
    } else {
      if (ofFamily) this.#networkEarly(network);
      // IPv6 isolation was written for every network, those without IPv6 too.
      if (ofFamily || !network.internal) this.#isolate(network);
      this.#topEarly(ofFamily && !network.internal);
    }
    this.#bridges.push(network.bridge);
    if (ofFamily && !network.internal)
      network.endpoints.forEach((ports, index) => {
        this.#endpoint(network, this.#address(network, index), ports);
      });
  }

  #subnet({ subnet }: Network): string {
    return this.#v6 ? `fd00:dead:${String(subnet + 1)}::/64` : `172.${String(17 + subnet)}.0.0/16`;
  }

  #address({ subnet }: Network, index: number): string {
    const host = (index + 2).toString(this.#v6 ? 16 : 10);
    return this.#v6 ? `fd00:dead:${String(subnet + 1)}::${host}` : `172.${String(17 + subnet)}.0.${host}`;
  }

  #networkNat(network: Network): void {
    const { era, userlandProxy } = this.#daemon;
    this.#insert('nat', 'POSTROUTING', `-s ${this.#subnet(network)} ! -o ${network.bridge} -j MASQUERADE`);
    if (!userlandProxy)
      this.#insert('nat', 'POSTROUTING', `-o ${network.bridge} -m addrtype --src-type LOCAL -j MASQUERADE`);
    else if (era !== 'G') this.#insert('nat', 'DOCKER', `-i ${network.bridge} -j RETURN`);
  }

  #networkEarly(network: Network): void {
    const { bridge, icc, internal } = network;
    if (!internal) this.#networkNat(network);
    if (icc) this.#insert('filter', 'FORWARD', `-i ${bridge} -o ${bridge} -j ACCEPT`);
    else this.#append('filter', 'FORWARD', `-i ${bridge} -o ${bridge} -j DROP`);
    if (internal) return;
    this.#insert('filter', 'FORWARD', `-i ${bridge} ! -o ${bridge} -j ACCEPT`);
    this.#natJumps();
    this.#insert('filter', 'FORWARD', `-o ${bridge} -j DOCKER`);
    this.#insert('filter', 'FORWARD', `-o ${bridge} ${ESTABLISHED}`);
  }

  #isolate(network: Network): void {
    const { bridge, internal } = network;
    if (this.#daemon.era === 'A') {
      for (const other of internal ? [] : this.#bridges) {
        this.#insert('filter', 'DOCKER-ISOLATION', `-i ${bridge} -o ${other} -j DROP`);
        this.#insert('filter', 'DOCKER-ISOLATION', `-i ${other} -o ${bridge} -j DROP`);
      }
    } else if (internal) this.#internal('DOCKER-ISOLATION-STAGE-1', network);
    else {
      this.#insert(
        'filter',
        'DOCKER-ISOLATION-STAGE-1',
        `-i ${bridge} ! -o ${bridge} -j DOCKER-ISOLATION-STAGE-2`,
      );
      this.#insert('filter', 'DOCKER-ISOLATION-STAGE-2', `-o ${bridge} -j DROP`);
    }
  }

  #internal(chain: string, network: Network): void {
    const { bridge } = network;
    const both = this.#v6 && this.#daemon.era >= 'D';
    const subnet = this.#subnet(network);
    this.#insert('filter', chain, `! -d ${subnet} -i ${bridge}${both ? ` ! -o ${bridge}` : ''} -j DROP`);
    this.#insert('filter', chain, `! -s ${subnet}${both ? ` ! -i ${bridge}` : ''} -o ${bridge} -j DROP`);
  }

  #topEarly(jumps: boolean): void {
    if (jumps)
      this.#book.moveToTop('FORWARD', `-j DOCKER-ISOLATION${this.#daemon.era === 'A' ? '' : '-STAGE-1'}`);
    if (this.#book.has('filter', 'DOCKER-INGRESS')) this.#book.moveToTop('FORWARD', '-j DOCKER-INGRESS');
    this.#topUser();
  }

  /** DOCKER-USER and its jump; written at the end of every network creation up to 28.0.0. */
  #topUser(): void {
    if (!this.#hasUser) return;
    this.#create('filter', 'DOCKER-USER');
    this.#append('filter', 'DOCKER-USER', '-j RETURN');
    this.#book.moveToTop('FORWARD', '-j DOCKER-USER');
  }

  #networkLate(network: Network): void {
    const { bridge, icc, internal } = network;
    const { era } = this.#daemon;
    if (internal) {
      this.#internal(era === 'G' ? 'DOCKER-INTERNAL' : 'DOCKER-ISOLATION-STAGE-1', network);
      this.#append('filter', 'DOCKER-FORWARD', `-i ${bridge} -o ${bridge} -j ${icc ? 'ACCEPT' : 'DROP'}`);
      return;
    }
    this.#networkNat(network);
    if (icc) this.#append('filter', 'DOCKER-FORWARD', `-i ${bridge} -j ACCEPT`);
    else {
      this.#append('filter', 'DOCKER-FORWARD', `-i ${bridge} -o ${bridge} -j DROP`);
      this.#append('filter', 'DOCKER-FORWARD', `-i ${bridge} ! -o ${bridge} -j ACCEPT`);
    }
    this.#append('filter', 'DOCKER-CT', `-o ${bridge} ${ESTABLISHED}`);
    this.#append('filter', 'DOCKER-BRIDGE', `-o ${bridge} -j DOCKER`);
    this.#append('filter', 'DOCKER', `! -i ${bridge} -o ${bridge} -j DROP`);
    if (era === 'G') return;
    this.#append(
      'filter',
      'DOCKER-ISOLATION-STAGE-1',
      `-i ${bridge} ! -o ${bridge} -j DOCKER-ISOLATION-STAGE-2`,
    );
    this.#insert('filter', 'DOCKER-ISOLATION-STAGE-2', `-o ${bridge} -j DROP`);
  }

  #endpoint({ bridge }: Network, ip: string, ports: readonly Port[]): void {
    const { era } = this.#daemon;
    const host = `${ip}/${this.#v6 ? '128' : '32'}`;
    if (isLate(era) && era !== 'F1') this.#append('raw', 'PREROUTING', `-d ${host} ! -i ${bridge} -j DROP`);
    for (const port of ports) if (!(this.#v6 && port.loopback)) this.#port(bridge, ip, host, port);
  }

  #port(bridge: string, ip: string, host: string, port: Port): void {
    const { era, userlandProxy } = this.#daemon;
    const { protocol, loopback } = port;
    const match = (number: number): string => `-p ${protocol} -m ${protocol} --dport ${String(number)}`;
    const words = [
      ...(this.#v6 && isLate(era) ? ['! -s fe80::/10'] : []),
      ...(loopback ? ['-d 127.0.0.1/32'] : []),
      ...(userlandProxy ? [`! -i ${bridge}`] : []),
      `${match(port.host)} -j DNAT --to-destination ${this.#v6 ? `[${ip}]` : ip}:${String(port.container)}`,
    ];
    this.#append('nat', 'DOCKER', words.join(' '));
    const accept = `-d ${host} ! -i ${bridge} -o ${bridge} ${match(port.container)} -j ACCEPT`;
    if (isLate(era)) this.#insert('filter', 'DOCKER', accept);
    else this.#append('filter', 'DOCKER', accept);
    if (!isLate(era) || !userlandProxy)
      this.#append('nat', 'POSTROUTING', `-s ${host} -d ${host} ${match(port.container)} -j MASQUERADE`);
    if (protocol === 'sctp' && !isLate(era) && era !== 'A')
      this.#append(
        'mangle',
        'POSTROUTING',
        `-p sctp -m sctp --sport ${String(port.container)} -j CHECKSUM --checksum-fill`,
      );
    if (era === 'F1')
      this.#append('raw', 'PREROUTING', `-d ${host} ! -i ${bridge} ${match(port.container)} -j DROP`);
    if (isLate(era) && loopback)
      this.#append('raw', 'PREROUTING', `-d 127.0.0.1/32 ! -i lo ${match(port.host)} -j DROP`);
  }
}
