import type { z } from "zod";
import { LubdubError, shown } from "../errors.ts";
import { configJsonSchema } from "./schema.ts";

/** Says what is wrong with a configuration: file, field, what was expected, what was got. */
export function explain(error: z.ZodError, value: unknown, file: string): LubdubError {
  // A name that does not exist often explains the rest, so it goes first.
  const issues = error.issues.toSorted((a, b) => Number(isUnknownField(b)) - Number(isUnknownField(a)));
  const issue = issues[0] as z.core.$ZodIssue;
  const others = issues.slice(1).map(({ path }) => `\`${fieldName(path)}\``);
  const more = others.length === 0 ? "" : ` Also wrong: ${others.join(", ")}.`;
  const where = issue.path.length === 0 ? `\`${file}\`` : `\`${fieldName(issue.path)}\` in \`${file}\``;
  if (issue.code === "unrecognized_keys") {
    const known = fieldsAt(issue.path);
    const name = issue.keys[0] as string;
    const near = nearest(name, known);
    return new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: `only known fields in ${where}`,
      got: shown(name),
      fix: `${near === undefined ? `Known are ${known.join(", ")}.` : `Did you mean "${near}"?`}${more}`,
    });
  }
  const expected = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return new LubdubError("LUBDUB_CONFIG_INVALID", {
    expected: `${where} to be ${expected}`,
    got: describe(valueAt(value, issue.path)),
    fix: `Correct it and start again.${more}`,
  });
}

function isUnknownField({ code }: z.core.$ZodIssue): boolean {
  return code === "unrecognized_keys";
}

/** `agents[0].command.argv` */
export function fieldName(path: readonly PropertyKey[]): string {
  const name = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return name.replace(/^\./, "") || "the file";
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

/** Objects by the names in them only: their values may be secrets. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value !== "object" || value === null) return shown(value);
  const names = Object.keys(value);
  return names.length === 0 ? "an empty object" : `an object with ${shown(names.join(", "))}`;
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

function fieldsAt(path: readonly PropertyKey[]): readonly string[] {
  const node = path.reduce<SchemaNode | undefined>(
    (inner, key) => (typeof key === "number" ? inner?.items : inner?.properties?.[String(key)]),
    configJsonSchema(),
  );
  return Object.keys(node?.properties ?? {}).filter((name) => name !== "$schema");
}

/** More edits than this and two names have nothing to do with each other. */
const EDITS_MAX = 3;

function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, edits: editsBetween(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= EDITS_MAX && edits <= candidate.length / 2)
    .toSorted((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}

/** Levenshtein distance, one row at a time. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, charA] of a.split("").entries()) {
    const next = [i + 1];
    for (const [j, charB] of b.split("").entries()) {
      const replaced = (row[j] as number) + (charA === charB ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
