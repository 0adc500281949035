// npm run sanitize -- [--seed S]: native/ under AddressSanitizer with UndefinedBehaviorSanitizer, and under ThreadSanitizer.
// Each builds the same objects into programs, which need no Node, and the addon in a copy of the package, which tests, the
// fuzzer and calls in the background then use. Takes Linux and g++.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import addonApi from "node-addon-api";
import headers from "node-api-headers";
import { build as native } from "./binding.mjs";
import { root, runScript } from "./project.mjs";

const execute = promisify(execFile);
process.chdir(root);

const { values } = parseArgs({ options: { seed: { type: "string" } } });
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));

// Everything is slow there, and types have no addresses.
const vitest = [
  resolve("node_modules/vitest/vitest.mjs"),
  ...["run", "--testTimeout=60000", "--typecheck.enabled=false"],
];
const hostile = ["safety", "views", "out"].map((name) => `test/${name}.test.ts`);

const builds = [
  {
    name: "address",
    flags: [
      "-fsanitize=address,undefined",
      "-fno-sanitize-recover=all",
      "-D_GLIBCXX_ASSERTIONS",
      // The kernels take a quarter of the time to compile. What is not checked: the scopes of locals, and what
      // AddressSanitizer finds without.
      "-fno-sanitize-address-use-after-scope",
      "-fno-sanitize=null,object-size",
      "--param=asan-instrumentation-with-call-threshold=0",
    ],
    programs: [["batches", seed, "1500"], ["edges"], ["processors"]],
    libraries: ["libasan.so", "libubsan.so"],
    // Much of the engine's own memory is never freed.
    environment: { ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "print_stacktrace=1" },
    scripts: [
      { args: [...vitest, ...hostile], expected: 0 },
      { args: ["build/checks/fuzz/main.js", "--seed", seed, "--programs", "200"], expected: 0 },
      { args: ["test/native/jobs.mjs"], expected: 0 },
      { args: ["test/native/memory.mjs"], expected: 0 },
      ...["calls", "packageExports", "addonExports", "loading"].map((task) => ({
        args: ["test/support/exiting.mjs", task, "8", "2", "42"],
        expected: 42,
      })),
    ],
  },
  {
    name: "thread",
    flags: ["-fsanitize=thread"],
    programs: [["batches", seed, "400"]],
    libraries: ["libtsan.so"],
    environment: { TSAN_OPTIONS: `suppressions=${resolve("test/native/thread.supp")}` },
    // No fuzzer and no workers: the engine's threads are compiled without, and much of what workers do among themselves
    // would be taken for races.
    scripts: [{ args: ["--single-threaded", "test/native/jobs.mjs"], expected: 0 }],
  },
];

/** Runs a command, and tells what it printed if it ends with another code. */
async function run(command, args, { expected = 0, ...options } = {}) {
  const { code, stdout, stderr } = await execute(command, args, options).then(
    (output) => ({ code: 0, ...output }),
    ({ code, signal, ...output }) => ({ code: code ?? signal, ...output }),
  );
  if (code === expected) return stdout;
  throw new Error(`${[command, ...args].join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
}

/** Calls `task` for each item, for as many at once as there are processors. */
async function each(items, task) {
  const left = [...items];
  const work = async () => {
    while (left.length > 0) await task(left.shift());
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

const { sources, defines } = native;
/** Programs have no JavaScript to bind to. */
const isBinding = (source) => source.startsWith("native/binding/");
const sourceOf = ([program]) => `test/native/${program}.cpp`;
/** The addon's own `operator new`, which can be told to fail. */
const failingNew = { source: "test/native/failing_new.cpp", option: "-Wl,--wrap=_Znwm" };
const flags = [
  ...native.flags,
  ...defines.map((define) => `-D${define}`),
  ...native.includeDirectories.map((directory) => `-I${directory}`),
  ...[addonApi, headers].flatMap(({ include_dir }) => ["-isystem", include_dir]),
  ...["-fPIC", "-O1", "-g1", "-fno-omit-frame-pointer"],
];

/** Compiles everything into build/sanitize-<name>, and links the programs and the addon. */
async function make({ name, flags: own, programs }) {
  const folder = resolve(`build/sanitize-${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/package/build/Release`, { recursive: true });
  const objectOf = (source) => `${folder}/${source.replaceAll("/", "-")}.o`;
  // The kernels, which are the last, take the longest.
  await each([...sources, ...programs.map(sourceOf), failingNew.source].reverse(), (source) =>
    run("g++", [...flags, ...own, "-c", source, "-o", objectOf(source)]),
  );
  const link = (sources, ...args) =>
    run("g++", [...own, "-pthread", ...sources.map(objectOf), ...args]);
  const engine = sources.filter((source) => !isBinding(source));
  for (const program of programs) {
    await link([...engine, sourceOf(program)], "-o", `${folder}/${program[0]}`);
  }
  await link(
    [...sources, failingNew.source],
    ...[failingNew.option, "-shared", "-o", `${folder}/package/build/Release/maxmargin.node`],
  );
  // With binding.gyp it is a checkout, where what was built comes first.
  const files = ["package.json", "binding.gyp", "vitest.config.ts"];
  for (const part of [...files, "dist", "build/checks", "test"]) {
    cpSync(part, `${folder}/package/${part}`, { recursive: true });
  }
  return folder;
}

async function check({ name, programs, libraries, environment, scripts }, folder) {
  const tell = (text) => console.log(`${name}: ${text.trim().replaceAll("\n", "\n  ")}`);
  for (const [program, ...args] of programs) tell(await run(`${folder}/${program}`, args));
  const preloaded = await Promise.all(
    libraries.map((library) => run("g++", [`-print-file-name=${library}`])),
  );
  const env = {
    ...process.env,
    ...environment,
    LD_PRELOAD: preloaded.join(" ").replaceAll("\n", ""),
    // Without a binary nothing would be checked.
    MAXMARGIN_BACKEND: "native",
  };
  for (const { args, expected } of scripts) {
    const output = await run(process.execPath, args, { expected, env, cwd: `${folder}/package` });
    tell(`node ${args.join(" ")} ended with ${expected}\n${output}`);
  }
}

runScript(async () => {
  for (const build of builds) {
    const start = performance.now();
    await check(build, await make(build));
    console.log(`${build.name}: ${((performance.now() - start) / 1000).toFixed(0)} seconds`);
  }
});
