import { describe, expect, test } from 'vitest';
import {
  isWantedOf,
  isZoneless,
  managerOf,
  managerOfNative,
} from '../../../../../src/firewall/iptables/ownership/managers.ts';
import { makeRule, type Table } from '../../../../../src/firewall/iptables/text/model.ts';
import { ledOn } from '../../../../../src/trace/path.ts';

/** A table that holds these chains. */
const holding = (...names: readonly string[]): Table => ({
  name: 'filter',
  chains: new Map(names.map((name) => [name, { name, policy: '-', counters: '0:0', rules: [] }])),
});
const firewalld = holding('FORWARD', 'FORWARD_direct', 'FWD_public');
const csf = holding('FORWARD', 'LOCALINPUT', 'DENYIN');
const shorewall = holding('FORWARD', 'shorewall', 'net-fw');

describe('the manager that keeps a rule', () => {
  test.each<[text: string, table: Table, manager: string | undefined]>([
    ['-A ufw-user-forward -j ACCEPT', holding('ufw-user-forward'), 'ufw'],
    ['-A ufw6-before-forward -j ACCEPT', holding('ufw6-before-forward'), 'ufw'],
    ['-A f2b-sshd -s 192.0.2.7/32 -j REJECT', holding('f2b-sshd'), 'fail2ban'],
    ['-A fail2ban-ssh -s 192.0.2.7/32 -j DROP', holding('fail2ban-ssh'), 'fail2ban'],
    ['-A LIBVIRT_FWI -o virbr0 -j REJECT', holding('LIBVIRT_FWI'), 'libvirt'],
    ['-A CNI-FORWARD -j ACCEPT', holding('CNI-FORWARD'), 'podman'],
    ['-A KUBE-FORWARD -j ACCEPT', holding('KUBE-FORWARD'), 'Kubernetes'],
    ['-A cali-FORWARD -j DROP', holding('cali-FORWARD'), 'Kubernetes'],
    ['-A ts-forward -j DROP', holding('ts-forward'), 'tailscale'],
    ['-A sshguard -s 192.0.2.7/32 -j DROP', holding('sshguard'), 'sshguard'],
    ['-A FORWARD -m set --match-set crowdsec-blacklists src -j DROP', holding('FORWARD'), 'CrowdSec'],
    ['-A FORWARD -m comment --comment "generated for LXD network lxdbr0" -j ACCEPT', holding(), 'LXD'],
    // Names that anybody might give a chain count beside one that only the manager makes.
    ['-A FWD_public -j DROP', firewalld, 'firewalld'],
    ['-A FWD_public -j DROP', holding('FWD_public'), undefined],
    ['-A DENYIN -s 192.0.2.7/32 -j DROP', csf, 'csf'],
    ['-A DENYIN -s 192.0.2.7/32 -j DROP', holding('DENYIN'), undefined],
    ['-A net-fw -j DROP', shorewall, 'shorewall'],
    ['-A net-fw -j DROP', holding('net-fw'), undefined],
    ['-A FORWARD -j DROP', shorewall, undefined],
    ['-A DOCKER-USER -j DROP', shorewall, undefined],
  ])('%s', (text, table, manager) => {
    expect(managerOf(makeRule(text, '0:0'), table)).toBe(manager);
  });

  test.each([
    ['inet firewalld', '', 'firewalld'],
    ['ip f2b-table', 'f2b-chain', 'fail2ban'],
    ['inet lxd', 'fwd.lxdbr0', 'LXD'],
    ['ip libvirt_network', 'guest_input', 'libvirt'],
    ['inet netavark', 'FORWARD', 'podman'],
    ['ip wg-quick-wg0', 'preraw', 'wg-quick'],
    ['inet fw4', 'forward', 'fw4'],
    ['ip filter', 'ts-forward', 'tailscale'],
    ['inet mine', 'forward', undefined],
  ])('nftables’ own: %s %s', (table, chain, manager) => {
    expect(managerOfNative(table, chain)).toBe(manager);
  });
});

describe('what a manager does is its operator’s will, or not', () => {
  const f2b = holding('FORWARD', 'f2b-web');
  test.each<[text: string, manager: string, table: Table, closing: boolean, opening: boolean]>([
    ['-A ufw-user-forward -j ACCEPT', 'ufw', holding('ufw-before-forward', 'ufw-user-forward'), true, true],
    ['-A ufw-planted -j ACCEPT', 'ufw', holding('ufw-planted'), true, false],
    ['-A FWD_public -j ACCEPT', 'firewalld', firewalld, true, true],
    ['-A f2b-web -s 192.0.2.7/32 -j REJECT', 'fail2ban', f2b, true, false],
    ['-A f2b-web -j DROP', 'fail2ban', f2b, false, false],
    ['-A f2b-web -s 0.0.0.0/1 -j DROP', 'fail2ban', f2b, false, false],
    ['-A KUBE-FORWARD -j ACCEPT', 'Kubernetes', holding('KUBE-FORWARD'), true, false],
    ['-A LIBVIRT_FWI -j REJECT', 'libvirt', holding('LIBVIRT_FWI'), true, false],
  ])('%s', (text, manager, table, closing, opening) => {
    expect(isWantedOf(manager, text, false, table)).toBe(closing);
    expect(isWantedOf(manager, text, true, table)).toBe(opening);
  });

  test.each([
    ['inet firewalld', true],
    ['inet fw4', true],
    ['inet firewalld_planted', false],
    ['ip f2b-table', false],
  ])('what nftables’ own table %s lets through: %s', (table, isWanted) => {
    const manager = managerOfNative(table, '') ?? '';
    expect(isWantedOf(manager, 'accept', true, table)).toBe(isWanted);
  });

  test.each<[led: string, table: string, chain: string, text: string, isIn: boolean, isOut: boolean]>([
    ['', 'inet firewalld', 'filter_FORWARD', 'reject with icmpx admin-prohibited', true, true],
    ['', 'inet firewalld', 'filter_FORWARD', 'counter packets 3 bytes 180 drop', true, true],
    ['', 'inet firewalld', 'filter_FORWARD', 'ip saddr 203.0.113.7 drop', false, false],
    ['goto filter_FWD_public', 'inet firewalld', 'filter_FWD_public', 'reject', true, true],
    ['iifname "br0" goto filter_FWD_dmz', 'inet firewalld', 'filter_FWD_dmz', 'reject', false, true],
    ['ip saddr 172.18.0.0/16 goto filter_FWD_dmz', 'inet firewalld', 'filter_FWD_dmz', 'drop', false, true],
    ['jump filter_FWD_public_deny', 'inet firewalld', 'filter_FWD_public_deny', 'drop', false, false],
    ['jump filter_FWD_policy_mine', 'inet firewalld', 'filter_FWD_policy_mine', 'reject', false, false],
    ['-A FORWARD_ZONES -g FWD_public', 'filter', 'FWD_public', '-A FWD_public -j REJECT', true, true],
    ['-A FORWARD_ZONES -i br0 -g FWD_dmz', 'filter', 'FWD_dmz', '-A FWD_dmz -j DROP', false, true],
    ['-A FWD_x -j FWD_x_deny', 'filter', 'FWD_x_deny', '-A FWD_x_deny -j DROP', false, false],
    ['', 'filter', 'FORWARD', '-A FORWARD -j DROP', false, false],
    ['jump handle_reject', 'inet fw4', 'handle_reject', 'meta l4proto tcp reject', true, true],
    ['tcp dport 80 jump handle_reject', 'inet fw4', 'handle_reject', 'reject', false, false],
    ['', 'inet fw4', 'forward', '', true, true],
    ['', 'inet fw4', 'forward_wan', 'drop', false, false],
    ['', 'inet mine', 'forward', '', false, false],
  ])('%s, %s %s, %s: refuses what is in no zone: %s, %s', (by, table, chain, text, isIn, isOut) => {
    // Of fw4 a rule of the chain forward itself; of any other a zone's.
    const from = by.startsWith('jump handle') ? 'forward' : 'forward_wan';
    const led = by === '' ? undefined : ledOn(undefined, { chain: from, text: by });
    expect(isZoneless({ table, chain, text, led }, 'in')).toBe(isIn);
    expect(isZoneless({ table, chain, text, led }, 'out')).toBe(isOut);
  });
});
