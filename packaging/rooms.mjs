// The rooms of docs/ARCHITECTURE.md: one table, read by eslint.config.js and by .dependency-cruiser.mjs.

/**
 * @typedef {object} Room
 * @property {string} path a folder of src
 * @property {true} [pure] sees no effect: no clock, no process, no files, no package
 * @property {readonly string[]} [packages] what a pure room may import nevertheless
 * @property {true} [generated] may import what `npm run generate` writes
 * @property {readonly string[]} [not] rooms beneath it that it must not import all the same
 */

/**
 * The lowest layer first: a room may import those above it in this list, and never one below.
 * Rooms in one entry do not import each other.
 *
 * @type {readonly (readonly Room[])[]}
 */
const floors = [
  [{ path: 'net', pure: true }],
  [{ path: 'docker', pure: true }],
  [
    { path: 'firewall/iptables/text', pure: true },
    { path: 'firewall/nftables/text', pure: true },
    { path: 'firewall/nftables/tables', pure: true },
  ],
  [
    { path: 'firewall/iptables/ownership', pure: true },
    { path: 'firewall/nftables/ownership', pure: true },
  ],
  [{ path: 'firewall/iptables/order', pure: true }],
  [
    { path: 'firewall/iptables/expected', pure: true },
    { path: 'firewall/nftables/expected', pure: true },
  ],
  [
    { path: 'firewall/iptables/desired', pure: true },
    { path: 'firewall/nftables/desired', pure: true },
  ],
  [
    { path: 'firewall/iptables/compare', pure: true },
    { path: 'firewall/nftables/compare', pure: true },
  ],
  [
    { path: 'firewall/iptables/simulate', pure: true },
    { path: 'firewall/nftables/simulate', pure: true },
  ],
  [
    { path: 'firewall/iptables/plan', pure: true },
    { path: 'firewall/nftables/plan', pure: true },
  ],
  [{ path: 'firewall/iptables/predict', pure: true }],
  [{ path: 'trace', pure: true }],
  [{ path: 'reach', pure: true }],
  [{ path: 'reconcile', pure: true, not: ['trace'] }],
  [{ path: 'doctor', pure: true }],
  [{ path: 'hooks', pure: true }],
  [{ path: 'watch', pure: true }],
  [{ path: 'report', pure: true, packages: ['diff'] }],
  [{ path: 'host', generated: true, not: ['report'] }],
  [{ path: 'app', generated: true }],
  [{ path: 'demo', generated: true }],
  [{ path: 'commands' }],
];

/** Beneath every room and part of none: each is one small function. */
export const common = ['digest', 'fault', 'nearest', 'packages', 'printable', 'shell'];

/** @type {readonly (Room & { beneath: readonly string[] })[]} */
export const rooms = floors.flatMap((floor, height) => {
  const beneath = floors
    .slice(0, height)
    .flat()
    .map(({ path }) => path);
  return floor.map((room) => ({
    ...room,
    beneath: beneath.filter((path) => room.not?.includes(path) !== true),
  }));
});
