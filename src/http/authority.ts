import { BlockList, isIP } from "node:net";
import { LubdubError, shown } from "../errors.ts";

/**
 * Which names a caller may have used to reach this server. A page that rebinds its own name to 127.0.0.1 sends that
 * name as its Host: comparing whole, parsed authorities (never a prefix) is what stops it.
 */
export type Authorities = ReadonlySet<string>;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const AUTHORITY = /^(?<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?<port>[0-9]{1,5}))?$/;
const HTTP_PORT = "80";

export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 4 ? "ipv4" : "ipv6");
}

/** The loopback names with the bound port, and the other names it is known by. */
export function authoritiesFor(port: number, remoteHosts: readonly string[] = []): Authorities {
  const local = ["127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`);
  return new Set([...local, ...remoteHosts.map((host) => remoteAuthority(host, port))]);
}

/** `name:port` in lower case with the port spelt out; undefined for anything else (user info, spaces, a list). */
export function parseAuthority(text: string): string | undefined {
  const parts = AUTHORITY.exec(text.toLowerCase())?.groups;
  if (parts === undefined) return undefined;
  return `${parts["name"]}:${parts["port"] ?? HTTP_PORT}`;
}

/** The authority of an `Origin` header; undefined for `null`, another scheme or a path. */
export function originAuthority(origin: string): string | undefined {
  return origin.startsWith("http://") ? parseAuthority(origin.slice("http://".length)) : undefined;
}

function remoteAuthority(host: string, port: number): string {
  const authority = parseAuthority(/:\d+$/.test(host) ? host : `${host}:${port}`);
  if (authority !== undefined) return authority;
  throw new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: "`remoteHosts` to hold names such as `box.lan` or `box.lan:8080`",
    got: shown(host),
    fix: "Leave out the scheme and the path; write an IPv6 address in brackets.",
  });
}
