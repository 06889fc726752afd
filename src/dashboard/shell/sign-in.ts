import { signal } from "@preact/signals";
import { ApiError, call, rememberSignIn } from "./api.ts";
import { replacePlace } from "./router.ts";

/** Why the last code was not taken. */
export const signInProblem = signal<string | null>(null);

/** Takes the code out of the address at once, so that it stays in no history, and signs in with it. */
export async function signInFromAddress(): Promise<void> {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1];
  if (code === undefined) return;
  replacePlace(location.pathname);
  try {
    rememberSignIn((await call<{ csrf: string }>("/sign-in", { body: { code } })).csrf);
    signInProblem.value = null;
  } catch (error) {
    signInProblem.value = error instanceof ApiError ? error.message : String(error);
  }
}

export async function signOut(): Promise<void> {
  try {
    await call("/sign-out", { body: {} });
  } finally {
    rememberSignIn(null);
  }
}

// A second `lubdub open` may change only the fragment of a page that is open.
addEventListener("hashchange", () => void signInFromAddress());
