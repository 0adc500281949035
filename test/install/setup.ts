import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { run } from "./run.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of all that the tests make. */
    scratch: string;
    /** The package as it is published. */
    tarball: string;
  }
}

/** Packs the package once for all tests, and removes what these made. */
export default function setup(project: TestProject): () => void {
  const scratch = mkdtempSync(join(tmpdir(), "maxmargin-install-"));
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const { stdout } = run("npm", ["pack", "--pack-destination", scratch], { cwd: root });
  project.provide("scratch", scratch);
  project.provide("tarball", join(scratch, stdout.trimEnd().split("\n").at(-1) as string));
  return () => rmSync(scratch, { recursive: true });
}
