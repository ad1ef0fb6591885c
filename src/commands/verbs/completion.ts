import type { Argv } from 'yargs';
import { SHELLS } from '../completion/scripts.ts';

/** Options of `rulesguard completion`. */
export const completionOptions = (yargs: Argv) =>
  yargs
    .positional('shell', { choices: SHELLS, describe: 'for which; by default the one that SHELL names' })
    .example('source <(rulesguard completion bash)', 'for this shell')
    .example(
      'rulesguard completion bash | sudo tee /etc/bash_completion.d/rulesguard',
      "for everybody's bash",
    )
    .example(
      'rulesguard completion zsh | sudo tee /usr/local/share/zsh/site-functions/_rulesguard',
      "for everybody's zsh",
    )
    .example('rulesguard completion fish > ~/.config/fish/completions/rulesguard.fish', 'for your fish');
