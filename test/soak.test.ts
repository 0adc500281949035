import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const soak = fileURLToPath(new URL("../build/checks/soak/main.js", import.meta.url));

// The whole of it is `npm run soak`. A process whose memory grew ends with 1, which throws.
test("memory does not grow with hundreds of thousands of calls, nor with thousands of async ones", () => {
  const flags = ["--expose-gc", "--max-semi-space-size=1"];
  const counts = ["--small", "200000", "--background", "3000"];
  const printed = execFileSync(process.execPath, [...flags, soak, ...counts], { encoding: "utf8" });
  expect(printed.match(/growth rss/g)).toHaveLength(2);
  const stopped = Number(/^(\d+) of these were stopped by their signal$/m.exec(printed)?.[1]);
  expect(stopped).toBeGreaterThan(300);
  expect(stopped).toBeLessThan(2000);
}, 60_000);
