import { definition as categoricalHinge } from "./categorical-hinge.js";
import { definition as crammerSinger } from "./crammer-singer.js";
import type { LossDefinition } from "./definition.js";
import { definition as hinge } from "./hinge.js";
import { definition as modifiedHuber } from "./modified-huber.js";
import { definition as squaredHinge } from "./squared-hinge.js";
import { definition as westonWatkins } from "./weston-watkins.js";

/** All losses: functions of gradients, registries and tests follow from this list. */
export const definitions: readonly LossDefinition[] = [
  hinge,
  squaredHinge,
  categoricalHinge,
  modifiedHuber,
  crammerSinger,
  westonWatkins,
];

/** The names of classes and functions that Keras does not have. */
export const ownNames: readonly string[] = definitions
  .filter((definition) => definition.package === "maxmargin")
  .flatMap(({ Loss, spec }) => [Loss.name, spec.name]);
