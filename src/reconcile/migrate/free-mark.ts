import type { HostRules } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';

/** What of a host says which marks are used: nftables' own tables, and policy routing. */
interface MarkUsers {
  readonly natives: readonly { readonly text: string }[] | undefined;
  readonly policy: readonly { readonly fields: Readonly<Record<string, string>> }[];
}

/** The highest first: tools that mark packets choose low bits (Kubernetes 0x4000 and 0x8000, Tailscale 0xff0000, firewalld 0x1). */
const BITS = Array.from({ length: 7 }, (_, at) => 2 ** (30 - at));

/** A mark of one bit that nothing here uses, as Docker takes it: `0x40000000/0x40000000`; '' where each of seven is used. */
export function freeMark(rules: HostRules, { natives = [], policy }: MarkUsers): string {
  const texts = [
    ...FAMILIES.flatMap((family) =>
      [...rules[family].tables.values()].flatMap(({ chains }) =>
        [...chains.values()].flatMap((chain) =>
          chain.rules.flatMap(({ text }) => (/mark/i.test(text) ? [text] : [])),
        ),
      ),
    ),
    ...natives.flatMap(({ text }) => text.split('\n').filter((line) => line.includes('mark'))),
  ];
  const numbers = texts.flatMap((text) => [...text.matchAll(/0x[\da-f]+/gi)].map(([found]) => Number(found)));
  const routed = policy.flatMap(({ fields }) => [fields['fwmark'], fields['fwmask']].map(Number));
  const used = [...numbers, ...routed].filter(
    // A mask of all bits uses none of them by itself.
    (number) => Number.isFinite(number) && number !== 0xffff_ffff,
  );
  const bit = BITS.find((one) => used.every((number) => Math.floor(number / one) % 2 === 0));
  if (bit === undefined) return '';
  const text = `0x${bit.toString(16)}`;
  return `${text}/${text}`;
}
