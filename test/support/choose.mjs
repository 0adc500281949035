/** Makes an implementation compute, in a process or thread that has its name alone. */
export function choose(setBackend, implementation) {
  if (["wasm", "js"].includes(implementation)) setBackend(implementation);
  else setBackend("native", implementation);
}
