import { readFileSync } from 'node:fs';
import path from 'node:path';

const LISTED = path.resolve(import.meta.dirname, '../../fixtures/nftables/firewalld-1.3.3.nft');

/**
 * Loads firewalld's own table as 1.3.3 wrote it for a machine with eth0 in zone public.
 *
 * @param trusted - interfaces in zone trusted, as in the place of `iifname`
 */
export const withFirewalld = (trusted: string): string =>
  `nft -f - <<'EOF'\n${readFileSync(LISTED, 'latin1').replaceAll('"docker0"', trusted)}EOF`;
