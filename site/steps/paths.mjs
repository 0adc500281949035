import { fileURLToPath } from "node:url";

/** The folder of the project, and the one of the site. */
export const root = fileURLToPath(new URL("../../", import.meta.url));
export const site = fileURLToPath(new URL("../", import.meta.url));
