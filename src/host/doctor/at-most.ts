/**
 * Does something for each of many, so many at once at most.
 *
 * @returns the results, in the order of what was given
 */
export async function atMost<Item, Result>(
  width: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<Item, Result>();
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) results.set(item, await work(item));
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return items.map((item) => results.get(item) as Result);
}
