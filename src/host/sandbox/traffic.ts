import type { Sandbox } from './sandbox.ts';

/** The counters in /proc/net/snmp and snmp6 of packets that a program sent, or had no route for. */
const SENT = /^(?:Ip OutNoRoutes|Tcp ActiveOpens|Udp OutDatagrams|Ip6OutNoRoutes|Udp6OutDatagrams)$/;

/** How many packets the programs of a sandbox have tried to send. The kernel's own (IGMP, neighbour discovery) do not count. */
export async function sentIn(sandbox: Sandbox): Promise<number> {
  const { stdout } = await sandbox.onNetwork(['cat', '/proc/self/net/snmp', '/proc/self/net/snmp6']);
  return sentOf(stdout);
}

/**
 * The sum of what was sent.
 *
 * @param text - of /proc/net/snmp (pairs of lines, names and numbers) and of snmp6 (a name and a number a line)
 */
export function sentOf(text: string): number {
  let sum = 0;
  let names: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [head = '', ...cells] = line.split(/\s+/);
    if (!head.endsWith(':')) {
      if (SENT.test(head)) sum += Number(cells[0]);
    } else if (names[0] === head) {
      names.slice(1).forEach((name, i) => {
        if (SENT.test(`${head.slice(0, -1)} ${name}`)) sum += Number(cells[i]);
      });
    } else names = [head, ...cells];
  }
  return sum;
}
