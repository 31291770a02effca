// `npm run bench:instructions`: what the smallest pieces of work take, counted under valgrind.
// `npm run bench:instructions -- --json FILE` passes arguments on.
import { resolve } from "node:path";
import { installValgrind } from "./install.js";
import { run, step } from "./step.js";

const given = process.argv.slice(2);
const args = given.map((word, at) => (given[at - 1] === "--json" ? resolve(process.env.INIT_CWD ?? ".", word) : word));
const bench = ["-p", "newsmux-tests", "--bench", "instructions"];

await step("install", installValgrind);
await step("build", () => run("cargo", ["bench", ...bench, "--no-run"]));
await step("count", () => run("cargo", ["bench", "-q", ...bench, "--", ...args]));
