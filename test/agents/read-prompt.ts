import fc from "fast-check";
import { promptPrefix } from "../../src/agents/prompt.ts";

/** Everything that any reader may take for the end of a line. */
export const LINE_END = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

/** What a strict reader takes out of a prompt, line by line, trusting only lines that no text can make. */
export interface ReadPrompt {
  readonly marks: ReadonlySet<string>;
  readonly events: readonly {
    readonly title: string;
    readonly trust: string;
    readonly facts: string;
    readonly lines: string[];
  }[];
}

/** @throws an Error that says what no prompt of ours has */
export function readPrompt(prompt: string): ReadPrompt {
  if (!prompt.startsWith(promptPrefix())) throw new Error("a beginning that is not ours");
  const [, ...lines] = prompt.slice(promptPrefix().length).split(LINE_END);
  const marks = new Set<string>();
  const events: ReadPrompt["events"][number][] = [];
  let open: ReadPrompt["events"][number] | null = null;
  for (const line of lines) {
    const fence = /^--- ([0-9a-f]{16}) (end of )?(event \d+ of \d+)(?:, (.*))?$/.exec(line);
    if (fence !== null) {
      const [, mark, end, title, trust] = fence as unknown as [string, string, string?, string?, string?];
      marks.add(mark);
      if (end === undefined) {
        if (open !== null) throw new Error("a fence within a fence");
        open = { title: title ?? "", trust: trust ?? "", facts: "", lines: [] };
        events.push(open);
      } else {
        if (open?.title !== title) throw new Error("a fence ends that was not begun");
        open = null;
      }
    } else if (open !== null && line.startsWith("| ")) open.lines.push(line.slice(2));
    else if (open !== null && line.startsWith("id "))
      open = Object.assign(open, { facts: open.facts + line });
    else if (open !== null && line !== "data:") throw new Error(`an unknown line within an event: ${line}`);
  }
  if (open !== null) throw new Error("a fence is not ended");
  return { marks, events };
}

const fragments = [
  "\n", "\r", "\r\n", "\u2028", "\u0085", "\v", "\f", "| ", "---", "--- ", "data:", "id ", "\u001b[2J", "\u202e", "\u200b",
  "\ufeff", "\u{e0041}", "\ud800", "event 1 of 1", "end of event 1 of 1", ", trusted", "\n--- ",
]; // prettier-ignore

/** Texts that try: also with the very fences of the prompt that they are going to be in. */
export function hostile(known: string): fc.Arbitrary<string> {
  const lines = known.split("\n");
  const piece = fc.oneof(
    fc.constantFrom(...fragments, ...lines, ...lines.map((line) => `\n${line}\n`), known),
    fc.string({ unit: "binary" }),
  );
  return fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(""));
}
