// `npm run soak`: newsmuxd for an hour among faults, reloads and clients of every kind, every byte compared. `npm run soak --
// --minutes 5 --seed 7` passes arguments on.
import { run, step } from "./step.js";

const given = process.argv.slice(2);
const args = given.includes("--minutes") ? given : ["--minutes", "60", ...given];
const soak = ["--workspace", "--test", "soak"];

// newsmuxd just as the soak asks for it, so that it does not wait for a compiler.
await step("build", () => {
  run("cargo", ["build", "--workspace", "--bin", "newsmuxd"]);
  run("cargo", ["test", ...soak, "--no-run"]);
});
await step("soak", () => run("cargo", ["test", "-q", ...soak, "--", ...args]));
