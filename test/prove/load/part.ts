import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokenFile } from "../../../src/config/token.ts";
import { sqliteStore, verifyStore } from "../../../src/log/sqlite/index.ts";
import { clientOf, isHandled, programMissing, startDaemon, WITHOUT_FLOOD_GUARD } from "../crash/daemon.ts";
import { dataFolder } from "../crash/history.ts";
import type { Finding, Part, PartRequest, PartResult, Tier } from "../part.ts";
import { offer, percentile, type LoadResult } from "./generator.ts";

interface Size {
  readonly perSecond: number;
  readonly seconds: number;
  /** Of the answers, 99 in 100 must come within this. */
  readonly p99Ms: number;
}

const SIZE: Readonly<Record<Tier, Size>> = {
  pr: { perSecond: 2_000, seconds: 60, p99Ms: 15 },
  deep: { perSecond: 10_000, seconds: 600, p99Ms: 10 },
};
/** When the rate is too high for this machine, these parts of it are tried, so that the report says what it can do. */
const SMALLER = [0.75, 0.5, 0.25, 0.1, 0.05, 0.02];
const SMALLER_SECONDS = 10;
const WARM_UP = { perSecond: 200, seconds: 3 };
/** Answers at once, so that the figures are of the daemon. */
const AGENT = 'export default () => ({ status: "ran" });\n';

/** Events over HTTP at a steady rate: each is answered only once it is synced, and none is lost when the daemon is killed at the end. */
export const load: Part = loadPart(SIZE);

export function loadPart(size: Readonly<Record<Tier, Size>>): Part {
  return {
    name: "load",
    invariants: ["S1", "S2", "L8"],
    missing: programMissing,
    run: (request) => run(size[request.tier], request),
  };
}

async function run(size: Size, { progress }: PartRequest): Promise<PartResult> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-load-"));
  writeFileSync(join(folder, "agent.mjs"), AGENT);
  const daemon = startDaemon(folder, {
    agents: [{ match: "*", module: { file: "agent.mjs" } }],
    limits: WITHOUT_FLOOD_GUARD,
  });
  try {
    const url = await daemon.url;
    if (url === undefined) throw new Error(`The daemon did not start: ${(await daemon.ended).stderr}`);
    const target = { url, token: readFileSync(tokenFile(dataFolder(folder)), "utf8").trim() };
    const results = [await offer({ ...target, ...WARM_UP })];
    const main = await offer({ ...target, ...size, onSecond: (second) => progress(second, size.seconds) });
    results.push(main);
    const within = keeps(main, size) ? size.perSecond : await reached(target, size, results);
    await using heartbeat = clientOf(folder, url);
    const problems = (await isHandled(heartbeat)) ? [] : ["L1 not all events were handled"];
    daemon.process.kill("SIGKILL");
    await daemon.ended;
    problems.push(...judge(folder, results));
    return { counts: countsOf(main, size, within), failures: problems.map(finding) };
  } finally {
    daemon.process.kill("SIGKILL");
    await daemon.ended;
    rmSync(folder, { recursive: true });
  }
}

/** @returns the highest of the smaller rates that keeps to the time; 0 when none does */
async function reached(
  target: { url: string; token: string },
  size: Size,
  results: LoadResult[],
): Promise<number> {
  for (const share of SMALLER) {
    const smaller = Math.floor(size.perSecond * share);
    const result = await offer({ ...target, perSecond: smaller, seconds: SMALLER_SECONDS });
    results.push(result);
    if (keeps(result, size)) return smaller;
  }
  return 0;
}

function judge(folder: string, results: readonly LoadResult[]): string[] {
  const accepted = results.reduce((sum, result) => sum + result.accepted, 0);
  const errors = results.reduce((sum, result) => sum + result.errors, 0);
  const problems = verifyStore(dataFolder(folder)).problems.map(({ detail }) => `S15 doctor: ${detail}`);
  using store = sqliteStore({ folder: dataFolder(folder) });
  let stored = 0;
  for (const { type } of store.read()) if (type === "event.queued") stored++;
  if (stored < accepted) problems.push(`S2 ${accepted} events were accepted, ${stored} are in the log`);
  if (errors > 0) problems.push(`${errors} events were not accepted`);
  return problems;
}

const keeps = ({ latenciesMs, unsent }: LoadResult, { p99Ms }: Size): boolean =>
  unsent === 0 && percentile(latenciesMs, 99) <= p99Ms;

function countsOf(main: LoadResult, { perSecond, p99Ms }: Size, within: number): PartResult["counts"] {
  const ms = (percent: number): number => Number(percentile(main.latenciesMs, percent).toFixed(2));
  return {
    accepted: main.accepted,
    errors: main.errors,
    "given up": main.unsent,
    "a second": perSecond,
    "a second answered": Math.round(main.accepted / main.seconds),
    "ms p50": ms(50),
    "ms p99": ms(99),
    "ms p99 wanted": p99Ms,
    "a second within that": within,
  };
}

const finding = (message: string): Finding => ({
  seed: 0,
  message,
  reproduce: "npm run prove -- --only load",
});
