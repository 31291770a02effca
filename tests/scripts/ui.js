// `npm run ui:build`: builds the window into `ui/dist`, for the application to embed, unless it is there already. To
// build it anew would have the application built anew, too.
import { unlessFolderMade } from "./up-to-date.js";
import { npm } from "./step.js";

const sources = ["ui/index.html", "ui/src", "ui/vite.config.ts", "package-lock.json"];

unlessFolderMade("target/ui.made-of", "ui/dist", sources, () => npm("exec", "--", "vite", "build", "ui", "--logLevel", "warn"));
