import { shellFile } from './shell-file.ts';
import type { Target } from './target.ts';

const BEFORE = '/etc/ufw/before.init';
const AFTER = '/etc/ufw/after.init';
/** ufw-init calls both with start, stop, status or flush-all; a reload is a stop and a start (ufw 0.36). */
const CHANGES = 'start|stop|flush-all';

const VETO = [
  'if [ "$1" = flush-all ]; then',
  '  echo "rulesguard: not done: flush-all would take the rules of Docker too. To stop ufw: ufw disable" >&2',
  '  exit 1',
  'fi',
];

export const UFW: Target = {
  name: 'ufw',
  about: 'before.init and after.init: around enable, disable, reload and flush-all',
  signs: ['/etc/ufw/ufw.conf', '/usr/sbin/ufw', '/lib/ufw/ufw-init', '/usr/lib/ufw/ufw-init'],
  places: [BEFORE, AFTER],
  files: (_, { program, vetoFlushAll }) => [
    shellFile(BEFORE, { phase: 'pre', target: 'ufw', program }, CHANGES, vetoFlushAll ? VETO : []),
    shellFile(AFTER, { phase: 'post', target: 'ufw', program }, CHANGES),
  ],
};
