import { readFileSync, readdirSync } from 'node:fs';
import { parseNativeTable } from '../../../src/firewall/nftables/text/parse.ts';
import { tracePath } from '../../../src/trace/trace.ts';
import { GROUND, inside, outside } from '../../unit/trace/network.ts';
import type { Target } from './campaign.ts';
import { mutateLines } from './mutate-lines.ts';

const FOLDER = new URL('../../fixtures/nftables/', import.meta.url);
const LISTINGS = readdirSync(FOLDER).map((name) => readFileSync(new URL(name, FOLDER), 'latin1'));

/** What nft lists: read, or unknown as a whole; a packet through it ends somewhere, or in an unknown that says why. */
export const LISTINGS_OF_NFT: Target = {
  name: 'nft-listings',
  run: (dice) => {
    const text = mutateLines(dice.pick(LISTINGS) ?? '', LISTINGS, dice);
    const table = parseNativeTable(text);
    const packet = dice.oneIn(2) ? outside() : inside();
    tracePath(packet, { ...GROUND, natives: [{ table: 'inet firewalld', text }] });
    return table === undefined ? 'refused' : 'past';
  },
};
