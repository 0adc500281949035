/** Placeholder until the engine's branch is merged. */
export class ExactSum {
  value = 0;
  add(x: number): void {
    this.value += x;
  }
  addAll(other: ExactSum): void {
    this.value += other.value;
  }
}
