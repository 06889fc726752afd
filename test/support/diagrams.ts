import { readFileSync, writeFileSync } from "node:fs";
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { MACHINES } from "../../src/diagram/machines.ts";
import { mermaidOf } from "../../src/diagram/mermaid.ts";
import { layoutsFile, LAYOUTS_FILE } from "./layouts.ts";

/** `npm run diagrams` writes the page and the layouts; a test holds both current. */
export const PAGE = "machines/README.md";

export function diagramsPage(): string {
  const sections = Object.entries(MACHINES).map(([name, machine]) =>
    [
      `## [${machine.id}](${name}.ts)`,
      docComment(`${name}.ts`),
      `\`\`\`mermaid\n${mermaidOf(machine).trimEnd()}\n\`\`\``,
      table(machine),
    ].join("\n\n"),
  );
  const head = [
    "# Machines",
    "What may happen, and nothing else: pure, versioned XState machines. Time and ids arrive in the events; what is to be done leaves as data.",
    "This page is made from the machines by `npm run diagrams`; a test holds it current. Change the machines, not the page.",
  ];
  return `${[...head, ...sections].join("\n\n")}\n`;
}

/** The comment right before the machine: paragraphs as they stand there. */
function docComment(file: string): string {
  const source = readFileSync(`machines/${file}`, "utf8");
  const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport const \w+Machine\b/.exec(source)?.[1];
  if (comment === undefined) throw new Error(`machines/${file} has no comment before its machine`);
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();
}

function table({ root }: AnyStateMachine): string {
  const states = Object.values(root.states);
  const rows = [...states.flatMap((state) => rowsOf(state, state.key)), ...rowsOf(root, "(any)")];
  return ["| state | event | next state |", "|---|---|---|", ...rows].join("\n");
}

/** One row per event: its branches in the order in which they are tried. */
function rowsOf(node: AnyStateNode, name: string): string[] {
  return [...node.transitions].map(([event, branches]) => {
    const cell = branches.map(({ target, guard }) => {
      const to = target?.[0]?.key ?? "stays";
      return typeof guard === "string" ? `${to} [${guard}]` : to;
    });
    return `| ${name} | \`${event}\` | ${cell.join("; ")} |`;
  });
}

if (import.meta.main) {
  writeFileSync(PAGE, diagramsPage());
  writeFileSync(LAYOUTS_FILE, await layoutsFile());
}
