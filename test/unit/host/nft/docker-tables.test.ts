import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isRecord } from '../../../../src/docker/inventory/inventory.ts';
import type { CommandResult, Runner } from '../../../../src/host/command/command.ts';
import { readDockerTables } from '../../../../src/host/nft/docker-tables.ts';

const said = (stdout: string): CommandResult => ({ stdout, stderr: '', exitCode: 0 });
const failed = (stderr: string): CommandResult => ({ stdout: '', stderr, exitCode: 1 });

const RECORDED = new URL('../../../fixtures/nftables-29.7/plain/nft.json', import.meta.url);

/** One family alone, as `nft -j list table` prints it. */
function listing(family: string): string {
  const { nftables } = JSON.parse(readFileSync(RECORDED, 'latin1')) as {
    readonly nftables: readonly Readonly<Record<string, unknown>>[];
  };
  const isOf = (object: Readonly<Record<string, unknown>>): boolean =>
    'metainfo' in object ||
    Object.values(object).some((value) => isRecord(value) && value['family'] === family);
  return JSON.stringify({ nftables: nftables.filter(isOf) });
}

/** nft as it answers, by its words. */
const nft =
  (answers: (words: string) => CommandResult): Runner =>
  (words) =>
    Promise.resolve(answers(words.join(' ')));

test('tables that are not there are absent, and whose name only resembles Docker’s are not read', async () => {
  const asked: string[] = [];
  const runner = nft((words) => {
    asked.push(words);
    return words === 'nft list tables'
      ? said('table ip nat\ntable ip docker-bridges\ntable inet docker-bridges\ntable ip docker-bridges2\n')
      : said(listing('ip'));
  });
  const tables = await readDockerTables(runner);
  expect(tables.map(({ family, name }) => `${family} ${name}`)).toEqual(['ipv4 docker-bridges']);
  expect(asked).toEqual(['nft list tables', 'nft -j list table ip docker-bridges']);
  expect(await readDockerTables(nft(() => said('')))).toEqual([]);
});

test('a table that goes between its name and its listing is asked for again', async () => {
  let times = 0;
  const runner = nft((words) => {
    if (words === 'nft list tables') return said(++times === 1 ? 'table ip docker-bridges\n' : '');
    return failed('Error: No such file or directory\nlist table ip docker-bridges\n');
  });
  expect(await readDockerTables(runner)).toEqual([]);
  expect(times).toBe(2);
});

test.each([
  ['Operation not permitted (you must be root)\n', 'RG_PRIVILEGE', /root/],
  ['Unable to initialize Netlink socket: Protocol not supported\n', 'RG_MODULES', /no nf_tables/],
  ['Error: something else\n', 'RG_COMMAND', /failed with status 1/],
])('what could not be read is a fault: %s', async (stderr, code, message) => {
  const reading = readDockerTables(nft(() => failed(stderr)));
  await expect(reading).rejects.toMatchObject({
    ...{ code, exit: 3 },
    message: expect.stringMatching(message) as string,
  });
});

test('a listing that is not understood is a fault, never no tables', async () => {
  for (const text of ['', '{', '{"nftables":{}}', '[]']) {
    const runner = nft((words) =>
      words === 'nft list tables' ? said('table ip6 docker-bridges\n') : said(text),
    );
    await expect(readDockerTables(runner)).rejects.toMatchObject({ code: 'RG_PARSE' });
  }
});
