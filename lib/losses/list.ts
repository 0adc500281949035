import { definition as categoricalHinge } from "./categorical-hinge.js";
import type { LossDefinition } from "./definition.js";
import { definition as hinge } from "./hinge.js";
import { definition as modifiedHuber } from "./modified-huber.js";
import { definition as squaredHinge } from "./squared-hinge.js";

/** All losses: functions of gradients, registries and tests follow from this list. */
export const definitions: readonly LossDefinition[] = [
  hinge,
  squaredHinge,
  categoricalHinge,
  modifiedHuber,
];
