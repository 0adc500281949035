import { type Choices, fromQuery, toQuery, usualCases } from "./choices.js";
import { byId, element } from "./dom.js";
import { addControls } from "./form.js";
import { measure, startWorker } from "./measuring.js";
import type { Report } from "./report.js";
import { addCase, showMistakes, showTimings, summary } from "./results.js";

const [status, results, stopButton] = ["status", "results", "stop"].map(byId);

let choices = fromQuery(location.search);
let running: AbortController | undefined;

/** Also for screen readers, which read the status aloud when it changes. */
function say(text: string): void {
  status.textContent = text;
}

function setRunning(controller: AbortController | undefined): void {
  running = controller;
  // Not disabled, which would take the focus away.
  stopButton.setAttribute("aria-disabled", `${controller === undefined}`);
}

function stop(): void {
  if (running === undefined) return;
  running.abort();
  setRunning(undefined);
  say("Stopped.");
}

function show(report: Report, article: HTMLElement, place: string): void {
  if (report.kind === "progress") say(`${place}${report.text}.`);
  if (report.kind === "agreement") article.append(element("p", {}, report.text));
  if (report.kind === "disagreement") {
    showMistakes(article, report.mistakes);
    say(`${place}The answers do not agree.`);
  }
  if (report.kind === "failure") {
    article.append(element("p", { className: "error" }, `Failed: ${report.message}`));
    say(`${place}Failed.`);
  }
  if (report.kind === "timings") {
    showTimings(article, report.timings);
    say(`${place}Done. ${summary(report.timings)}`);
  }
}

async function run(cases: readonly Choices[]): Promise<void> {
  stop();
  const controller = new AbortController();
  setRunning(controller);
  results.replaceChildren();
  for (const [i, one] of cases.entries()) {
    const place = cases.length > 1 ? `Case ${i + 1} of ${cases.length}: ` : "";
    const article = addCase(results, one);
    await measure(one, controller.signal, (report) => show(report, article, place));
  }
  setRunning(undefined);
}

function showBackend(report: Report): void {
  const backend = byId("backend");
  if (report.kind === "failure") backend.textContent = `Failed: ${report.message}`;
  if (report.kind !== "backend") return;
  backend.textContent =
    report.name === "wasm"
      ? "Backend: WebAssembly."
      : `Backend: JavaScript, because WebAssembly cannot be used here. ${report.error}`;
}

const greeting = new AbortController();
startWorker(greeting.signal, (report) => {
  showBackend(report);
  greeting.abort();
});

addControls(byId("choices"), choices, (changed) => {
  choices = changed;
  history.replaceState(null, "", toQuery(choices));
});
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  run([choices]);
});
byId("usual").addEventListener("click", () => run(usualCases));
stopButton.addEventListener("click", stop);
