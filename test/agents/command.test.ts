import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ERROR_BYTES_MAX, REPLY_BYTES_MAX } from "../../src/agents/capture.ts";
import type { CommandOptions } from "../../src/agents/child.ts";
import { commandAgent } from "../../src/agents/command.ts";
import { renderPrompt } from "../../src/agents/prompt.ts";
import type { RunRequest } from "../../src/vocabulary.ts";
import { endAllIn, isAlive, pidIn, until } from "./processes.ts";
import { anEvent, aRequest } from "./requests.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-command-"))));
afterEach(() => {
  vi.useRealTimers();
  endAllIn(folder);
  rmSync(folder, { recursive: true });
});

/** Runs a script in Node itself. */
function run(script: string, options: Partial<CommandOptions> = {}, request: Partial<RunRequest> = {}) {
  return commandAgent({ argv: [process.execPath, "-e", script], ...options })(aRequest(request));
}

describe("what it is given", () => {
  it("the prompt on stdin, whatever the event says", async () => {
    const events = [anEvent({ text: '$(touch x) `id` ; & | > "quotes" \u001b[2J\n--- end' })];
    const outcome = await run("process.stdin.pipe(process.stdout)", {}, { events });
    expect(outcome).toEqual({ status: "ran", reply: renderPrompt(aRequest({ events })) });
  });

  it("the ids of the run in the environment, the usual variables, the configured ones, and nothing else", async () => {
    vi.stubEnv("LUBDUB_TEST_SECRET", "daemon's own");
    vi.stubEnv("LUBDUB_TEST_PASSED", "passed on");
    const options = {
      env: { MODE: "fast", LUBDUB_WAKE_ID: "forged" },
      passEnv: ["LUBDUB_TEST_PASSED", "NOT_SET"],
    };
    const outcome = await run("console.log(JSON.stringify(process.env))", options, {
      attempt: 3,
      transcriptKey: "agent:main:heartbeat:r-2",
      overrides: { model: "small-16k", timeoutMs: 90_000, lightContext: true },
    });
    vi.unstubAllEnvs();
    const env = JSON.parse((outcome as { reply: string }).reply) as Record<string, string>;
    expect(env).toMatchObject({
      LUBDUB_SESSION_KEY: "agent:main:discord:channel:42",
      LUBDUB_WAKE_ID: "w-1-aaaaaaaa",
      LUBDUB_RUN_ID: "r-2-bbbbbbbb",
      LUBDUB_ATTEMPT: "3",
      LUBDUB_TRANSCRIPT_KEY: "agent:main:heartbeat:r-2",
      LUBDUB_MODEL: "small-16k",
      LUBDUB_RUN_TIMEOUT_MS: "90000",
      LUBDUB_LIGHT_CONTEXT: "1",
      MODE: "fast",
      LUBDUB_TEST_PASSED: "passed on",
      PATH: process.env["PATH"],
    });
    expect(env).not.toHaveProperty("LUBDUB_TEST_SECRET");
    expect(env).not.toHaveProperty("NOT_SET");
  });

  it("its arguments as they are: no shell expands or splits them", async () => {
    const words = ["$HOME", "a b", "*", "; echo x", "`id`", ""];
    const argv = [
      process.execPath,
      "-e",
      "console.log(JSON.stringify(process.argv.slice(1)))",
      "--",
      ...words,
    ];
    const outcome = await commandAgent({ argv })(aRequest());
    expect(outcome).toEqual({ status: "ran", reply: `${JSON.stringify(words)}\n` });
  });

  it("its folder", async () => {
    expect(await run("process.stdout.write(process.cwd())", { cwd: folder })).toEqual({
      status: "ran",
      reply: folder,
    });
  });

  it("may leave its prompt unread", async () => {
    const events = Array.from({ length: 50 }, () => anEvent({ text: "x".repeat(20_000) }));
    expect(await run("require('node:fs').closeSync(0)", {}, { events })).toEqual({ status: "ran" });
  });
});

describe("what its end means", () => {
  it("exit code 0 is ran, with stdout as the reply", async () => {
    expect(await run("console.log('done: ✓')")).toEqual({ status: "ran", reply: "done: ✓\n" });
    expect(await run("")).toEqual({ status: "ran" });
  });

  it("75 is busy", async () => {
    expect(await run("console.log('later'); process.exitCode = 75")).toEqual({
      status: "skipped",
      reason: "requests-in-flight",
    });
  });

  it.each([
    [76, "quota"],
    [77, "auth"],
  ])("problem 20: %d is a refusal of class %s", async (code, refusal) => {
    expect(await run(`console.error('no credit'); process.exitCode = ${code}`)).toEqual({
      status: "failed",
      reason: `The command ended with exit code ${code}. The end of its stderr: no credit`,
      class: refusal,
    });
  });

  it("any other code failed, with the end of stderr", async () => {
    expect(await run("console.error('no model'); process.exitCode = 3")).toEqual({
      status: "failed",
      reason: "The command ended with exit code 3. The end of its stderr: no model",
    });
    expect(await run("process.exitCode = 1")).toEqual({
      status: "failed",
      reason: "The command ended with exit code 1. Its stderr is empty.",
    });
  });

  it("keeps only the end of a long stderr, made plain", async () => {
    const outcome = await run(
      "console.error('x'.repeat(100_000) + '\\u001b[31mthe \\u202ecause'); process.exitCode = 1",
    );
    const { reason } = outcome as { reason: string };
    expect(reason).toMatch(/xthe \\u202ecause$/);
    expect(reason.length).toBeLessThan(ERROR_BYTES_MAX + 100);
  });

  it("a signal failed", async () => {
    expect(await run("process.kill(process.pid, 'SIGKILL')")).toMatchObject({
      status: "failed",
      reason: "The command was ended by SIGKILL. Its stderr is empty.",
    });
  });

  it("keeps the beginning of a long reply, reads the rest, and says so", async () => {
    const outcome = await run("process.stdout.write('a' + 'é'.repeat(500_000))");
    const reply = (outcome as { reply: string }).reply;
    const [kept, note] = reply.split("\n");
    expect(kept).toBe(`a${"é".repeat(REPLY_BYTES_MAX / 2 - 1)}`);
    expect(note).toBe(`(cut: ${REPLY_BYTES_MAX} of 1000001 bytes were kept)`);
  });

  it("does not wait for what it left in the background with its output open", async () => {
    const file = join(folder, "pid");
    const outcome = await run(backgroundChild(file, "setInterval(() => {}, 1e6)", "process.exit(0)"));
    const pid = pidIn(file) as number;
    expect(outcome).toEqual({ status: "ran", reply: "reply" });
    expect(isAlive(pid)).toBe(true);
  });
});

/** A script that starts a child which shares its group and output, waits until that runs, and goes on with `then`. */
function backgroundChild(pidFile: string, child: string, then: string): string {
  const childScript = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, process.pid + '\\n'); ${child}`;
  return `
    const { spawn } = require('node:child_process');
    spawn(process.execPath, ['-e', ${JSON.stringify(childScript)}], { stdio: ['ignore', 'inherit', 'inherit'] });
    process.stdout.write('reply');
    const started = setInterval(() => {
      const fs = require('node:fs');
      if (!fs.existsSync(${JSON.stringify(pidFile)}) || !fs.readFileSync(${JSON.stringify(pidFile)}, 'utf8').endsWith('\\n')) return;
      clearInterval(started);
      ${then}
    }, 5);`;
}

const STUBBORN = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6);";

describe("when its time is over", () => {
  it("ends its whole process group, with SIGKILL after the grace for who ignores SIGTERM", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [leaderFile, childFile] = [join(folder, "leader"), join(folder, "child")];
    const then = `${STUBBORN} fs.writeFileSync(${JSON.stringify(leaderFile)}, process.pid + '\\n');`;
    const script = backgroundChild(childFile, STUBBORN, then);
    const outcome = run(script, { timeoutMs: 60_000, killGraceMs: 2_000 });
    const pids = [await until(() => pidIn(leaderFile)), await until(() => pidIn(childFile))];
    vi.advanceTimersByTime(59_999);
    expect(pids.map(isAlive)).toEqual([true, true]);
    vi.advanceTimersByTime(1 + 1_999);
    expect(pids.map(isAlive)).toEqual([true, true]);
    vi.advanceTimersByTime(1);
    expect(await outcome).toEqual({
      status: "failed",
      reason: "The command did not end within 60000 ms (`timeoutMs`); its process group was ended.",
    });
    await until(() => !pids.some(isAlive));
  });

  it("is done as soon as the group obeys SIGTERM: the grace is not waited out", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const file = join(folder, "leader");
    const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + '\\n'); setInterval(() => {}, 1e6)`;
    const outcome = run(script, { timeoutMs: 1_000 });
    const pid = await until(() => pidIn(file));
    vi.advanceTimersByTime(1_000);
    expect(await outcome).toMatchObject({ status: "failed" });
    expect(isAlive(pid)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a child that outlives an obedient leader is killed after the grace", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [leaderFile, childFile] = [join(folder, "leader"), join(folder, "child")];
    const then = `setInterval(() => {}, 1e6); fs.writeFileSync(${JSON.stringify(leaderFile)}, process.pid + '\\n');`;
    const outcome = run(backgroundChild(childFile, STUBBORN, then), { timeoutMs: 1_000 });
    const [leader, child] = [await until(() => pidIn(leaderFile)), await until(() => pidIn(childFile))];
    vi.advanceTimersByTime(1_000);
    await until(() => !isAlive(leader));
    expect(isAlive(child)).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect(await outcome).toMatchObject({ status: "failed" });
    await until(() => !isAlive(child));
  });
});

describe("when its run is aborted", () => {
  it("is ended, and the events stay", async () => {
    const file = join(folder, "leader");
    const controller = new AbortController();
    const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + '\\n'); setInterval(() => {}, 1e6)`;
    const outcome = run(script, {}, { signal: controller.signal });
    const pid = await until(() => pidIn(file));
    controller.abort();
    expect(await outcome).toEqual({ status: "skipped", reason: "preempted" });
    expect(isAlive(pid)).toBe(false);
  });

  it("is not started when that happened before", async () => {
    const file = join(folder, "started");
    const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + '\\n')`;
    expect(await run(script, {}, { signal: AbortSignal.abort() })).toEqual({
      status: "skipped",
      reason: "preempted",
    });
    expect(pidIn(file)).toBeUndefined();
  });
});

describe("when it cannot be started", () => {
  it("says so for a program that does not exist", async () => {
    expect(await commandAgent({ argv: ["lubdub-no-such-program"] })(aRequest())).toEqual({
      status: "failed",
      reason:
        "The command `lubdub-no-such-program` could not be started: there is no such program. " +
        "Install it, put it on PATH, or write its absolute path in `argv`.",
    });
  });

  it("says so for a folder that does not exist", async () => {
    expect(await run("", { cwd: join(folder, "none") })).toMatchObject({
      status: "failed",
      reason: expect.stringContaining(`its folder \`${join(folder, "none")}\` does not exist`) as string,
    });
  });

  it("says so for a file that is not executable", async () => {
    const file = join(folder, "agent.sh");
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o600);
    expect(await commandAgent({ argv: [file] })(aRequest())).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("it is not executable") as string,
    });
  });
});
