import type { RouteRule } from '../../trace/network-state.ts';

/** What it does with a packet: a table it looks up, or an end. */
export const actionOf = ({ table, fields }: RouteRule): string =>
  table === '' ? (fields['action'] ?? '') : `lookup ${table}`;

/** A rule of policy routing, as `ip rule` shows it. */
export function spellRule(rule: RouteRule): string {
  const { priority, fields } = rule;
  const { src = 'all', srclen, dst, dstlen, fwmark, fwmask, iif, ipproto, uid_start, uid_end } = fields;
  const words = [
    'not' in fields ? 'not' : '',
    `from ${src}${srclen === undefined ? '' : `/${srclen}`}`,
    dst === undefined ? '' : `to ${dst}${dstlen === undefined ? '' : `/${dstlen}`}`,
    fwmark === undefined ? '' : `fwmark ${fwmark}${fwmask === undefined ? '' : `/${fwmask}`}`,
    iif === undefined ? '' : `iif ${iif}`,
    uid_start === undefined ? '' : `uidrange ${uid_start}-${uid_end ?? ''}`,
    ipproto === undefined ? '' : `ipproto ${ipproto}`,
    spellPorts(fields, 'sport'),
    spellPorts(fields, 'dport'),
    actionOf(rule),
  ];
  return `rule ${String(priority)}: ${words.filter(Boolean).join(' ')}`;
}

function spellPorts(fields: RouteRule['fields'], key: 'sport' | 'dport'): string {
  const port = fields[key] ?? [fields[`${key}_start`], fields[`${key}_end`]].filter(Boolean).join('-');
  return port === '' ? '' : `${key} ${port}`;
}
