import { setArgs } from "../shell/router.ts";

/** Leads through a list page by page: where one is stands in the address. */
export function Pager({ after, next }: { readonly after: string | undefined; readonly next: string | null }) {
  if (after === undefined && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <button type="button" disabled={after === undefined} onClick={() => setArgs({ after: undefined })}>
        To the start
      </button>
      <button type="button" disabled={next === null} onClick={() => setArgs({ after: next ?? undefined })}>
        Next page
      </button>
    </nav>
  );
}
