const MOST = 20;
const ABOUT = /iptables|ip6tables|\bnat\b|chain|firewall|programming external connectivity/i;
/** dockerd's own format, that of `--log-format json`, and journald's lines of a daemon that logs plainly. */
const GRAVE = /\blevel=(?:warn|error|fatal)|"level":"(?:warn|error|fatal)/;

/**
 * dockerd's warnings and errors about iptables rules, the newest last, at most 20.
 *
 * @param text - the end of its log
 */
export const linesOnRules = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => GRAVE.test(line) && ABOUT.test(line))
    .slice(-MOST);
