import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const THEME_KEY = "lubdub.theme";

function stored(): Theme {
  const found = localStorage.getItem(THEME_KEY);
  return found === "light" || found === "dark" ? found : "system";
}

export const theme = signal<Theme>(stored());

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
  localStorage.setItem(THEME_KEY, theme.value);
});
