import type { ActorSnapshot, StartedActor } from "./observer.ts";

/** An actor as viewers see it; beside those of the host there is one for the inspector itself. */
export type ShownActor = Omit<StartedActor, "kind">;

/** What viewers are told. */
export type News =
  | { readonly type: "started"; readonly actor: ShownActor }
  | {
      readonly type: "moved";
      readonly id: string;
      readonly event: { readonly type: string };
      readonly snapshot: ActorSnapshot;
    }
  | { readonly type: "stopped"; readonly id: string };

/** Turns news into the text frames of one viewer protocol. */
export type Protocol = (news: News) => readonly string[];

/** Several viewers of one protocol: each piece of news is put into words once. */
export function oncePerNews(protocol: Protocol): Protocol {
  let last: News | undefined;
  let frames: readonly string[] = [];
  return (news) => {
    if (news !== last) {
      last = undefined;
      frames = protocol(news);
      last = news;
    }
    return frames;
  };
}

const definitions = new WeakMap<object, string>();

/** A machine's config as JSON; functions by name. Made once per machine. */
export function definitionText(definition: unknown): string {
  if (typeof definition !== "object" || definition === null) return "{}";
  const known = definitions.get(definition);
  if (known !== undefined) return known;
  const text = JSON.stringify(definition, (_key, value: unknown) =>
    typeof value === "function" ? { type: value.name } : value,
  );
  definitions.set(definition, text);
  return text;
}
