// For yargs: node:module brings the loader of ES modules with it. The bundle's own `require` is what it asks for.

export const createRequire = () => require;
