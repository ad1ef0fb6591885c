import { expect, test } from 'vitest';
import { wantedNative } from '../../src/app/rollback/wanted-rules.ts';
import { linesOf } from '../../src/firewall/nftables/simulate/same.ts';
import { printNftTable, tableName } from '../../src/firewall/nftables/tables/print.ts';
import { editedTables } from '../../src/host/pending/docker-tables.ts';
import { goneFrom } from '../support/app/memory-host.ts';
import { withNetns } from '../support/netns.ts';
import { nftReply } from '../support/nftables/observed.ts';
import { nftRecording } from '../support/nftables/recordings.ts';
import { parseNftTables } from '../../src/firewall/nftables/tables/parse.ts';

const MINE = {
  table: 'inet mine',
  text: 'table inet mine {\n\tchain c {\n\t\ttype filter hook input priority -5; policy accept;\n\t\ttcp dport 25 drop\n\t}\n}\n',
};

/** What nft makes of texts. */
const loaded = (texts: readonly { readonly text: string }[]) =>
  withNetns(async (ns) => {
    const { code, stderr } = await ns.exec('nft', ['-f', '-'], {
      input: texts.map(({ text }) => text).join(''),
    });
    if (code !== 0) throw new Error(stderr);
    return parseNftTables((await ns.exec('nft', ['-j', 'list', 'ruleset'])).stdout, 'nft');
  });

test.each(['plain', 'modes', 'two-bridges', 'ipv6', 'noproxy', 'internal'])(
  '%s: nft takes Docker’s recorded tables with the edits for what came and went, and lists no more than that',
  async (name) => {
    const { tables } = nftRecording(name);
    const reply = nftReply(name);
    const native = [
      MINE,
      ...tables.map((table) => ({ table: tableName(table), text: printNftTable(table, ({ text }) => text) })),
    ];
    const record = { variants: [], sets: null, native };
    const same = (await wantedNative(record, reply, { editTables: editedTables })) ?? [];
    expect(same.map(({ table }) => table)).toEqual(native.map(({ table }) => table));
    const dockers = (found: Awaited<ReturnType<typeof loaded>>) =>
      found
        .filter(({ name: own }) => own === 'docker-bridges')
        .flatMap((table) => linesOf(table))
        .toSorted();
    expect(dockers(await loaded(same))).toEqual(dockers(tables));
    if (!reply.answered) throw new Error('no Engine');
    const gone = reply.inventory.endpoints.find(({ ipv4 }) => ipv4 !== '');
    if (gone === undefined) throw new Error('no container');
    const later =
      (await wantedNative(record, goneFrom(reply, gone.container), { editTables: editedTables })) ?? [];
    const left = dockers(await loaded(later));
    expect(left.filter((line) => line.includes(`${gone.ipv4} `) || line.includes(`${gone.ipv4}:`))).toEqual(
      [],
    );
    expect(left.length).toBeGreaterThan(0);
  },
);
