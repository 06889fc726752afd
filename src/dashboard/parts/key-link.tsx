import { hrefOf } from "../shell/router.ts";

/** A session key as it is: it leads to the session. */
export function KeyLink({ sessionKey }: { readonly sessionKey: string }) {
  return (
    <a class="key" href={hrefOf("session", { key: sessionKey })} title={sessionKey}>
      {sessionKey}
    </a>
  );
}
