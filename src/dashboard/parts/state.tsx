/** A state in its colour: never by colour alone. */
export function State({ state }: { readonly state: string }) {
  return (
    <span class="state" data-state={state}>
      <span class="dot" aria-hidden="true" />
      {state}
    </span>
  );
}
