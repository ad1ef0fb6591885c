import { callLines, type Call } from './call.ts';
import type { OwnFile } from './file.ts';
import type { Target } from './target.ts';

const FOLDER = '/usr/share/netfilter-persistent/plugins.d';

/** run-parts goes by name: 15-ip4tables and 25-ip6tables come in between. `save` changes no rule. */
function plugin(number: string, call: Call): OwnFile {
  return {
    kind: 'own',
    path: `${FOLDER}/${number}-rulesguard`,
    mode: 0o755,
    shebang: '#!/bin/sh',
    lines: ['case "$1" in', 'start|flush)', ...callLines(call), ';;', 'esac', 'exit 0'],
  };
}

export const NETFILTER_PERSISTENT: Target = {
  name: 'netfilter-persistent',
  about: 'plugins before and after the others: around start, reload and flush',
  signs: ['/usr/sbin/netfilter-persistent'],
  places: [`${FOLDER}/05-rulesguard`, `${FOLDER}/90-rulesguard`],
  files: (_, { program }) => [
    plugin('05', { phase: 'pre', target: 'netfilter-persistent', program }),
    plugin('90', { phase: 'post', target: 'netfilter-persistent', program }),
  ],
};
