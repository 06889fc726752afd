import type { ApiError } from "../shell/api.ts";

/** What went wrong, with what to do. */
export function ProblemNote({ error }: { readonly error: ApiError | undefined }) {
  if (error === undefined) return null;
  return (
    <p role="alert" class="problem">
      {error.message} {error.fix !== undefined && !error.message.includes(error.fix) && error.fix} [
      {error.code}]
    </p>
  );
}
