import { MockLanguageModelV4 } from "ai/test";

type Generate = NonNullable<
  Exclude<ConstructorParameters<typeof MockLanguageModelV4>[0], undefined>["doGenerate"]
>;
type Answer = Awaited<ReturnType<Extract<Generate, (...given: never[]) => unknown>>>;

/** Stands in for a real model, offline: asks for the tool when it is told to run the tests, and says what it was told. */
export const offlineModel = new MockLanguageModelV4({
  async doGenerate({ prompt }) {
    const last = prompt.at(-1);
    if (last?.role === "tool") return said("I have started them, and will tell you when they end.");
    const [part] = last?.role === "user" ? last.content : [];
    const words = part?.type === "text" ? part.text : "";
    if (words === "Run the tests.") return asked();
    return said(words.startsWith("[system event") ? `They have ended: ${words}` : "Hello.");
  },
});

const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 3, text: 3, reasoning: 0 },
};

const said = (text: string): Answer => ({
  content: [{ type: "text", text }],
  finishReason: { unified: "stop", raw: "stop" },
  usage,
  warnings: [],
});

const asked = (): Answer => ({
  content: [
    {
      type: "tool-call",
      toolCallId: "1",
      toolName: "background",
      input: JSON.stringify({ program: process.execPath, args: ["--eval", "console.log('12 passed')"] }),
    },
  ],
  finishReason: { unified: "tool-calls", raw: "tool_calls" },
  usage,
  warnings: [],
});
