import { render } from "preact";
import { signInFromAddress } from "./shell/sign-in.ts";
import { Shell } from "./shell/shell.tsx";

await signInFromAddress();
render(<Shell />, document.querySelector("#app") as Element);
