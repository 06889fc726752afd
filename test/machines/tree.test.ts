import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { find, first, insert, remove, sizeOf, values, type Tree } from "../../machines/tree.ts";

interface Item {
  readonly key: number;
  readonly name: string;
}
const byKey = (a: Item, b: Item): number => a.key - b.key;
const item = (key: number, name = ""): Item => ({ key, name });
const treeOf = (keys: readonly number[]): Tree<Item> =>
  keys.reduce<Tree<Item>>((tree, key) => insert(tree, item(key), byKey), null);
const keysOf = (tree: Tree<Item>): number[] => [...values(tree)].map(({ key }) => key);
const sorted = (keys: Iterable<number>): number[] => [...keys].sort((a, b) => a - b);

/** Adams 1992, with the parameters of Hirai and Yamamoto: neither side weighs more than three times the other. */
function tilted(tree: Tree<Item>): number[] {
  if (tree === null) return [];
  const [left, right] = [sizeOf(tree.left), sizeOf(tree.right)];
  const isTilted = left + right > 1 && (left > 3 * right || right > 3 * left);
  const isMiscounted = tree.size !== left + right + 1;
  return [...(isTilted || isMiscounted ? [tree.value.key] : []), ...tilted(tree.left), ...tilted(tree.right)];
}

/** What balancing is for; and how a set that is added to at one end, and taken from at the other, goes out of shape. */
const up = Array.from({ length: 200 }, (_, index) => index);
const ORDERS: readonly [string, readonly number[]][] = [
  ["rising", up],
  ["falling", up.toReversed()],
  ["from both ends", up.map((index) => (index % 2 === 0 ? index : 200 - index))],
  ["scattered", up.map((index) => (index * 73) % 200)],
];

describe.each(ORDERS)("keys that come in %s order", (_, keys) => {
  test("are in order and in balance after every insert and every removal", () => {
    let tree: Tree<Item> = null;
    for (const key of keys) {
      tree = insert(tree, item(key), byKey);
      expect(tilted(tree)).toEqual([]);
    }
    expect(keysOf(tree)).toEqual(sorted(keys));
    for (const gone of [...keys.slice(50), ...keys.slice(0, 50)]) {
      tree = remove(tree, item(gone), byKey);
      expect(tilted(tree)).toEqual([]);
      expect(find(tree, item(gone), byKey)).toBeUndefined();
    }
    expect(tree).toBeNull();
  });
});

test("agrees with a plain set, whatever comes and goes, and stays in balance", () => {
  const change = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 30 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const plain = new Set<number>();
      let tree: Tree<Item> = null;
      for (const [adds, key] of changes) {
        if (adds) plain.add(key);
        else plain.delete(key);
        tree = adds ? insert(tree, item(key), byKey) : remove(tree, item(key), byKey);
      }
      expect(keysOf(tree)).toEqual(sorted(plain));
      expect([sizeOf(tree), first(tree)?.key]).toEqual([plain.size, sorted(plain)[0]]);
      expect(tilted(tree)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

describe("a tree", () => {
  const tree = treeOf([3, 1, 2]);

  test("finds what compares equal, and nothing else", () => {
    const named = insert(tree, item(2, "two"), byKey);
    expect([find(named, item(2), byKey)?.name, sizeOf(named)]).toEqual(["two", 3]);
    expect(find(named, item(2.5), byKey)).toBeUndefined();
    expect([find(null, item(1), byKey), first(null), sizeOf(null)]).toEqual([undefined, undefined, 0]);
  });
  test("is never changed in place", () => {
    insert(tree, item(0), byKey);
    remove(tree, item(1), byKey);
    expect(keysOf(tree)).toEqual([1, 2, 3]);
  });
  test("is the very same when there is nothing to remove", () => {
    expect(remove(tree, item(0), byKey)).toBe(tree);
    expect(remove(tree, item(9), byKey)).toBe(tree);
    expect(remove(null, item(9), byKey)).toBeNull();
  });
});
