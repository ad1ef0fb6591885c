import { Fault } from '../../fault.ts';
import { iptablesOf } from '../../firewall/iptables/text/tools.ts';
import type { Family } from '../../net/family.ts';
import { run } from '../command/command.ts';
import { installHint } from '../command/install-hint.ts';
import { which } from '../command/which.ts';

/**
 * Has iptables' own translator say in nft's words what a save holds. It reads no rule of the kernel's.
 *
 * @param save - as iptables-save prints it
 * @returns what it printed: `add rule …` for each rule, a remark for one that nft has no words for
 * @throws Fault RG_MISSING_TOOL, or RG_COMMAND where it does not know a rule's options
 */
export async function translateSave(save: string, family: Family): Promise<string> {
  const tool = `${iptablesOf(family)}-restore-translate`;
  if ((await which(tool)) === undefined)
    throw new Fault('RG_MISSING_TOOL', 3, `${tool} is not installed`, {
      hint: `${installHint(tool)}. iptables older than 1.8 does not have it.`,
    });
  // It opens its input by name, which the socket that Node gives a child does not allow: a pipe does.
  const { stdout, stderr, exitCode } = await run(['sh', '-c', `cat | ${tool} -f /dev/stdin`], {
    input: save,
  });
  if (exitCode !== 0 || /[Ee]rror|Try `/.test(stderr))
    throw new Fault('RG_COMMAND', 3, `${tool} does not translate DOCKER-USER`, {
      details: stderr.split('\n').slice(0, 4),
      hint: 'See which rule it does not know: iptables-save -t filter | grep DOCKER-USER',
    });
  return stdout;
}
