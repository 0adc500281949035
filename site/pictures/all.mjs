import { classGradients } from "./class-gradients.mjs";
import { classLosses } from "./class-losses.mjs";
import { decisionBoundary } from "./decision-boundary.mjs";
import { gradients } from "./gradients.mjs";
import { growth } from "./growth.mjs";
import { losses } from "./losses.mjs";
import { margins } from "./margins.mjs";
import { threads } from "./threads.mjs";

/** All pictures of the documentation. */
export const pictures = [
  losses,
  gradients,
  margins,
  classLosses,
  classGradients,
  decisionBoundary,
  growth,
  threads,
];
