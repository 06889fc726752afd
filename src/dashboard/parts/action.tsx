import { useState } from "preact/hooks";
import { ApiError } from "../shell/api.ts";

interface ActionProps {
  readonly label: string;
  /** What is asked before it is done. @default done at once */
  readonly confirm?: string;
  /** @returns what is said when it is done */
  readonly run: () => Promise<string>;
}

/** A button that does something, and says what became of it. */
export function Action({ label, confirm, run }: ActionProps) {
  const [state, setState] = useState<"ready" | "asked" | "busy">("ready");
  const [said, setSaid] = useState<{ readonly text: string; readonly failed: boolean } | null>(null);
  const act = async (): Promise<void> => {
    if (confirm !== undefined && state === "ready") return setState("asked");
    setState("busy");
    try {
      setSaid({ text: await run(), failed: false });
    } catch (error) {
      setSaid({
        text: error instanceof ApiError ? `${error.message} [${error.code}]` : String(error),
        failed: true,
      });
    }
    setState("ready");
  };
  return (
    <span class="action">
      <button
        type="button"
        disabled={state === "busy"}
        data-asked={state === "asked"}
        onClick={() => void act()}
      >
        {state === "asked" ? confirm : label}
      </button>
      {state === "asked" && (
        <button type="button" class="quiet" onClick={() => setState("ready")}>
          No
        </button>
      )}
      <span role="status" class={said?.failed === true ? "dead" : "muted"}>
        {said?.text}
      </span>
    </span>
  );
}
