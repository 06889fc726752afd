import fc from "fast-check";
import { expect, test } from "vitest";
import { newId, positionOf } from "../../src/core/ids.ts";

const kinds = fc.constantFrom("e", "w", "r");
const positions = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("an id tells the position it was made at, whatever is drawn", () => {
  fc.assert(
    fc.property(kinds, positions, random, (kind, position, drawn) => {
      const id = newId(kind as "e", position, { random: () => drawn });
      expect(id).toMatch(/^[ewr]-[0-9a-z]+-[0-9a-z]{8}$/);
      expect(positionOf(id)).toBe(position);
    }),
  );
});

test("what is not one of our ids has no position", () => {
  for (const id of [
    "",
    "e",
    "e-1",
    "x-1-00000000",
    "e-0-00000000",
    "e--00000000",
    "e-1-0000000",
    "E-1-00000000",
    "e-zzzzzzzzzzz-00000000",
    " e-1-00000000",
    "e-1-00000000 ",
    "e-1-000000000",
    "e-1x-1-00000000",
  ]) {
    expect(positionOf(id)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => positionOf(`${text}!`) === undefined));
});

test("an id is as long as it must be to be ours, however short what is drawn", () => {
  expect(newId("d", 46, { random: () => 0.5 })).toBe("d-1a-i0000000");
  expect([positionOf("d-1a-i0000000"), positionOf("w-zzzzzzzz-i0000000")]).toEqual([46, 36 ** 8 - 1]);
});
