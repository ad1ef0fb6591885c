import { shellFile } from './shell-file.ts';
import type { SeenFiles, Target } from './target.ts';

/** csf runs the one in /usr/local/csf/bin if it is there, else the one in /etc/csf. */
const FOLDERS = ['/usr/local/csf/bin', '/etc/csf'];
const PLACES = ['csfpre.sh', 'csfpost.sh'].map((name) => FOLDERS.map((folder) => `${folder}/${name}`));

const used = (paths: readonly string[], seen: SeenFiles): string =>
  paths.find((path) => seen.read(path) !== undefined) ?? `/etc/csf/${paths[0]?.split('/').at(-1) ?? ''}`;

/** csf flushes before it runs csfpre.sh: the record that counts is the one before that. */
export const CSF: Target = {
  name: 'csf',
  about: 'csfpre.sh and csfpost.sh: around start and restart',
  signs: ['/etc/csf/csf.conf', '/usr/sbin/csf'],
  places: PLACES.flat(),
  files: (seen, { program }) => {
    const [before = [], after = []] = PLACES;
    return [
      shellFile(used(before, seen), { phase: 'pre', target: 'csf', program }),
      shellFile(used(after, seen), { phase: 'post', target: 'csf', program }),
    ];
  },
  note: 'csf flushes before csfpre.sh runs: keep a record with a timer too (rulesguard snapshot --scheduled).',
};
