import { ownersContract } from "../contract/store-owners.ts";
import { Disk } from "./simulator/disk.ts";

ownersContract("the simulator's disk", () => {
  const disk = new Disk();
  return { open: () => disk.open(), remove() {} };
});
