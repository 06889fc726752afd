import { Action } from "./action.tsx";

/** Puts a text on the clipboard. */
export function Copy({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <Action
      label={label}
      run={async () => {
        await navigator.clipboard.writeText(text);
        return "copied";
      }}
    />
  );
}
