import { expect, test } from 'vitest';
import { printNftTable, tableName } from '../../../src/firewall/nftables/tables/print.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { nftRecording } from '../../support/nftables/recordings.ts';
import { GROUND, outside, told } from './network.ts';

/** What becomes of a packet for this host beside the tables that a swarm's Engine wrote. */
const beside = (recording: string, packet: Partial<Packet>): string => {
  const natives = nftRecording(recording)
    .tables.filter(({ name }) => name === 'docker-overlay')
    .map((table) => ({ table: tableName(table), text: printNftTable(table, ({ text }) => text) }));
  expect(natives).not.toEqual([]);
  return told(tracePath(outside(packet), { ...GROUND, natives }));
};

const VXLAN = { protocol: 'udp', destinationPort: 4789, tcpFlags: undefined } as unknown as Partial<Packet>;

test.each(['swarm', 'mesh'])('%s: its table of overlays says nothing about any other packet', (recording) => {
  expect(beside(recording, {})).toBe('local 192.0.2.1:80');
  expect(beside(recording, { ...VXLAN, destinationPort: 53 })).toBe('local 192.0.2.1:53');
});

test('which overlay a packet of VXLAN is of is not known, where one is encrypted', () => {
  const isEncrypted = (name: string): boolean =>
    nftRecording(name).tables.some(({ sets }) =>
      [...sets.values()].some(({ elements }) => elements.length > 0),
    );
  for (const recording of ['swarm', 'mesh'])
    expect(beside(recording, VXLAN)).toBe(
      isEncrypted(recording) ? 'unknown: nft: @th,96,24' : 'local 192.0.2.1:4789',
    );
});
