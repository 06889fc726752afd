import { signInProblem } from "./sign-in.ts";

export function SignInPage() {
  const problem = signInProblem.value;
  return (
    <main class="sign-in">
      <svg viewBox="0 0 32 24" width="96" height="72" aria-hidden="true">
        <path d="M1 14h7l2.5-9 4 15 3-10 2 4H31" />
      </svg>
      <h1>lubdub</h1>
      {problem !== null && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      <p>This page is not signed in. In a terminal on the daemon's machine, type</p>
      <p>
        <code class="command">lubdub open</code>
      </p>
      <p class="muted">
        It opens the page with a code that is good once, for a minute. A restart of the daemon signs out.
      </p>
    </main>
  );
}
