import { validateHeaderName, validateHeaderValue } from "node:http";
import { z } from "zod";

/** Says in words what a field has to be. */
export const expected = (words: string) => ({ error: words });

export const wholeNumber = (min: number, max: number) => {
  const words = expected(`a whole number from ${min} to ${max}`);
  return z.int(words).min(min, words).max(max, words);
};
export const milliseconds = (min: number, max: number) => {
  const words = expected(`a whole number of milliseconds from ${min} to ${max}`);
  return z.int(words).min(min, words).max(max, words);
};
export const text = (words: string) => z.string(expected(words)).min(1, expected(words));
const word = (words: string) =>
  z
    .string(expected(words))
    .refine((value) => !value.includes("\0"), expected(`${words} without NUL characters`));

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const variableName = z
  .string(expected("names of environment variables"))
  .regex(VARIABLE, expected("names of environment variables, e.g. OPENAI_API_KEY"));

/** A program with its arguments, folder and environment. */
export const program = {
  argv: z
    .array(word("a text"), expected("a list with the program and its arguments"))
    .min(1, expected("a list with at least the program"))
    .refine(([program]) => program !== "", expected("a program's name in the first place"))
    .describe("The program and its arguments. No shell is involved: nothing is expanded or split."),
  cwd: text("a folder")
    .optional()
    .describe("Where it runs, relative to this file. Default: the folder of this file."),
  env: z
    .record(variableName, word("a text"), expected("an object of names and texts"))
    .default({})
    .describe("Added to its environment. The LUBDUB_ variables of a run cannot be replaced. Default: none."),
  passEnv: z
    .array(variableName, expected("a list of names of environment variables"))
    .default([])
    .describe(
      "Environment variables that it gets from the daemon beside PATH, HOME, LANG, TZ and the like. Default: none.",
    ),
};

export const address = z
  .string(expected("an address that begins with http:// or https://"))
  .refine(isHttpUrl, expected("an address that begins with http:// or https://"));

export const headers = z
  .record(z.string(), z.string(expected("a text")), expected("an object of names and texts"))
  .refine(areHeaders, expected("names and values that may stand in an HTTP header"))
  .default({})
  .describe("Added to each request, e.g. Authorization. Default: none.");

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function areHeaders(headers: Readonly<Record<string, string>>): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}
