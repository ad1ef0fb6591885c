/**
 * What was found out about something that never changes, kept for as long as that is: thousands of packets ask the same of
 * one host.
 *
 * @returns gives what is kept under a key, and makes it the first time
 */
export function memory<Value>(): (subject: object, key: string, make: () => Value) => Value {
  const all = new WeakMap<object, Map<string, { readonly value: Value }>>();
  return (subject, key, make) => {
    let known = all.get(subject);
    if (known === undefined) {
      known = new Map();
      all.set(subject, known);
    }
    let entry = known.get(key);
    if (entry === undefined) {
      entry = { value: make() };
      known.set(key, entry);
    }
    return entry.value;
  };
}
