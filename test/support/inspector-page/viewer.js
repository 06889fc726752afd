import { createWebSocketReceiver } from "@statelyai/inspect";

/** In the place of the online inspector: it shows what the real receiver of `@statelyai/inspect` hands on, and knows nothing else. */
const server = new URLSearchParams(location.search).get("server") ?? "";
const selected = new URLSearchParams(location.search).get("actor");
const EVENTS_MAX = 24;

const actors = new Map();
const events = [];
let frames = 0;

createWebSocketReceiver({ server }).subscribe((message) => {
  const { type, sessionId } = message;
  frames += 1;
  if (type === "@xstate.actor") actors.set(sessionId, message);
  if (type === "@xstate.snapshot")
    actors.set(sessionId, { ...actors.get(sessionId), snapshot: message.snapshot });
  if (type === "@xstate.event") {
    events.unshift(message);
    events.splice(EVENTS_MAX);
  }
  show();
});

function show() {
  const roots = [...actors.values()].filter(({ parentId }) => !actors.has(parentId));
  const rows = roots.flatMap((root) => [
    rowOf(root, ""),
    ...[...actors.values()]
      .filter(({ parentId }) => parentId === root.sessionId)
      .map((actor) => rowOf(actor, "child")),
  ]);
  fill("actors", rows);
  fill(
    "events",
    events.map(({ sessionId, event }) =>
      element("li", "", [text("event", event.type), text("name", sessionId)]),
    ),
  );
  document.getElementById("count").textContent = `${actors.size} actors, ${frames} messages`;
  const actor = actors.get(selected);
  if (actor !== undefined) showMachine(actor);
}

function rowOf({ sessionId, snapshot }, kind) {
  const isSelected = sessionId === selected ? "selected" : "";
  return element("li", `${kind} ${isSelected}`, [
    text("name", sessionId),
    text("value", snapshot?.value ?? snapshot?.status ?? ""),
  ]);
}

/** Its definition, as it came: the live state is lit. */
function showMachine({ sessionId, definition, snapshot }) {
  const { id, states } = JSON.parse(definition);
  document.getElementById("title").textContent = `${id}: the definition of ${sessionId}`;
  fill(
    "machine",
    Object.entries(states).map(([name, { on = {} }]) => {
      const ways = Object.entries(on).map(([event, ways]) => {
        const targets = new Set([ways].flat().map(({ target }) => [target ?? []].flat().join() || name));
        return element("li", "way", [text("event", event), text("", [...targets].join(", "))]);
      });
      const isLit = snapshot?.value === name ? "lit" : "";
      return element("li", isLit, [element("b", "", [name]), element("ul", "", ways)]);
    }),
  );
}

const fill = (id, rows) => document.getElementById(id).replaceChildren(...rows);
const text = (className, words) => element("span", className, [String(words)]);

function element(name, className, children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}
