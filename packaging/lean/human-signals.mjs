// For execa: the names and descriptions of signals, worked out when a command dies by one.

/** @type {Record<string, { description: string }> | undefined} */
let loaded;

/** @type {Record<string, { description: string }>} */
export const signalsByName = new Proxy(
  {},
  {
    get(_, name) {
      loaded ??= require('human-signals').signalsByName;
      return Reflect.get(loaded ?? {}, name);
    },
  },
);
