import { expect, test } from "vitest";
import { until, workplace, type Workplace } from "./support.ts";

const KEY = "agent:main:discord:channel:42";
/** What a crowded machine may need from a look at the daemon until it is killed. */
const KILL_MS = 2_000;
const BUSY_TWICE = "process.exit(calls <= 2 ? 75 : 0);";

async function settled(place: Workplace, wakes: number): Promise<void> {
  const handled = async (): Promise<number> => {
    const { stdout } = await place.run("log", "--json");
    return stdout.split("\n").filter((line) => line.includes('"run.ran"')).length;
  };
  await until(
    async () => (await handled()) >= wakes,
    () => `${wakes} handled; calls: ${JSON.stringify(place.calls())}`,
  );
}

test("the agent is busy twice: all three runs carry the session's key, and the third handles the event", async () => {
  const place = workplace();
  place.agent(BUSY_TWICE);
  await place.up();
  const ran = await place.run(
    "run",
    "--session",
    KEY,
    "--",
    process.execPath,
    "-e",
    "console.log('all green')",
  );
  expect(ran).toMatchObject({ code: 0, stdout: "all green\n" });
  expect(ran.stderr).toContain(`${KEY} is woken with that`);
  await settled(place, 1);

  const calls = place.calls();
  expect(calls.map(({ key }) => key)).toEqual([KEY, KEY, KEY]);
  expect(new Set(calls.map(({ wakeId }) => wakeId)).size).toBe(1);
  expect(new Set(calls.map(({ runId }) => runId)).size).toBe(3);
  expect(calls[2]?.prompt).toContain("exit code 0");
  expect(calls[2]?.prompt).toContain("all green");
  const sessions = await place.run("sessions", "--json");
  expect(
    sessions.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ sessionKey: KEY, state: "idle", queued: 0, dead: 0 }]);
});

test("kill -9 while the lane is in retrying: after the restart the run happens with the same key and wake id", async () => {
  const place = workplace();
  place.agent("process.exit(75);");
  const first = await place.up();
  await place.run("wake", "--session", KEY, "--text", "npm test ended");
  await using daemon = place.connect();
  // The pauses grow: one of them leaves time enough to be killed in it.
  await until(
    async () => {
      const { state, why } = await daemon.session(KEY);
      return state === "retrying" && Number(why.untilMs) > Date.now() + KILL_MS;
    },
    () => "the session is in retrying, and stays there for a while",
  );
  first.child.kill("SIGKILL");
  await first.ended;

  place.agent("process.exit(0);");
  const before = place.calls().length;
  await place.up();
  await settled(place, 1);
  const calls = place.calls();
  expect(calls.length).toBe(before + 1);
  expect(new Set(calls.map(({ key }) => key))).toEqual(new Set([KEY]));
  expect(new Set(calls.map(({ wakeId }) => wakeId)).size).toBe(1);
  expect(calls.at(-1)?.prompt).toContain("npm test ended");
});

test("kill -9 while the run goes on: after the restart it runs again with the same key and wake id", async () => {
  const place = workplace();
  place.agent("if (calls === 1) await waitFor('never');");
  const first = await place.up();
  await place.run("wake", "--session", KEY, "--text", "npm test ended");
  await until(
    () => place.calls().length === 1,
    () => "the run goes on",
  );
  first.child.kill("SIGKILL");
  await first.ended;

  await place.up();
  await settled(place, 1);
  const calls = place.calls();
  expect(calls.map(({ key }) => key)).toEqual([KEY, KEY]);
  expect(calls[1]?.wakeId).toBe(calls[0]?.wakeId);
  expect(calls[1]?.runId).not.toBe(calls[0]?.runId);
});

test("two sessions that wake in one window both run", async () => {
  const place = workplace();
  place.agent("", { coalesceMs: 100 });
  await place.up();
  await Promise.all(
    ["a", "b"].map((key) => place.run("wake", "--session", `agent:${key}`, "--text", "done")),
  );
  await settled(place, 2);
  expect(
    place
      .calls()
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(["agent:a", "agent:b"]);
});
