import { PARTIES, type Message } from "./history.ts";

/** The history of a session as a Mermaid sequence diagram. */
export function historyMermaid(sessionKey: string, messages: readonly Message[]): string {
  const lines = messages.flatMap(({ from, to, words, state }, index) => [
    `${from}${from === "agent" || from === "destination" ? "-->>" : "->>"}${to}: ${coded(words)}`,
    ...(state === messages[index - 1]?.state ? [] : [`Note over heartbeat: ${state}`]),
  ]);
  const names = PARTIES.map((party) =>
    party === "session" ? `participant session as ${coded(sessionKey)}` : `participant ${party}`,
  );
  return `${["sequenceDiagram", ...[...names, ...lines].map((line) => `  ${line}`)].join("\n")}\n`;
}

/** Mermaid's own signs as its entity codes: the text is shown as it is. */
const coded = (text: string): string => text.replaceAll(/[#;<>\r\n]/g, (sign) => CODES[sign] ?? " ").trim();

const CODES: Readonly<Record<string, string>> = { "#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;" };
