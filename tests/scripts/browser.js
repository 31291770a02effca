// `npm run ui`: the window in a browser, with a stand-in for the application behind it.
import { installNodeModules } from "./install.js";
import { npm } from "./step.js";

await installNodeModules();
npm("exec", "--", "vite", "ui", "--open", ...process.argv.slice(2));
