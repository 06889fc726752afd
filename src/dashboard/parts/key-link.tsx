import { showHidden } from "../../hidden.ts";
import { hrefOf } from "../shell/router.ts";

/** A session key, with what it hides: it leads to the session. */
export function KeyLink({ sessionKey }: { readonly sessionKey: string }) {
  return (
    <a class="key" href={hrefOf("session", { key: sessionKey })} title={showHidden(sessionKey)}>
      {showHidden(sessionKey)}
    </a>
  );
}
