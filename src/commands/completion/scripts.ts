/** Shells that completion is there for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type CompletedShell = (typeof SHELLS)[number];

/** The word that asks for completions; the words typed so far come behind it. */
export const COMPLETE = '--complete';

const BASH = `# Completion of rulesguard for bash, as "rulesguard completion bash" prints it.
_rulesguard() {
  mapfile -t COMPREPLY < <(rulesguard ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _rulesguard rulesguard
`;

const ZSH = `#compdef rulesguard
# Completion of rulesguard for zsh, as "rulesguard completion zsh" prints it.
_rulesguard() {
  local -a found
  found=("\${(@f)$(rulesguard ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
if [[ "\${zsh_eval_context[-1]}" == loadautofunc ]]; then _rulesguard "$@"; else compdef _rulesguard rulesguard; fi
`;

const FISH = `# Completion of rulesguard for fish, as "rulesguard completion fish" prints it.
function __rulesguard_complete
  set -l found (rulesguard ${COMPLETE} (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c rulesguard -f -a '(__rulesguard_complete)'
`;

const SCRIPTS: Readonly<Record<CompletedShell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script that makes a shell complete rulesguard's command lines. */
export const completionScript = (shell: CompletedShell): string => SCRIPTS[shell];
