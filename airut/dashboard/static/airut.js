// Times in the reader's zone. Without this script they stand there in UTC.
"use strict";

const shown = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function localTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = (time.classList.contains("clock") ? clock : shown).format(at);
    time.dataset.local = "";
  }
}

localTimes(document);
document.addEventListener("htmx:afterSettle", (event) => localTimes(event.target));

// What changes while somebody looks: `data-live` names the topics of an element, `hx-trigger="live"` fetches it anew.
const POLL = 10_000;
const topics = document.body.dataset.topics;
const line = document.getElementById("live");

function changed(topic) {
  for (const element of document.querySelectorAll("[data-live]")) {
    const names = element.dataset.live.split(" ");
    if (topic === null || names.includes(topic)) htmx.trigger(element, "live");
  }
}

function poll() {
  let tag = "";
  line.textContent = "Updated every ten seconds.";
  const ask = async () => {
    const headers = tag ? { "If-None-Match": tag } : {};
    try {
      const answer = await fetch(`/events/state?topics=${encodeURIComponent(topics)}`, { headers, cache: "no-store" });
      if (answer.status === 204) {
        if (tag) changed(null);
        tag = answer.headers.get("ETag");
      }
    } catch { /* the next time */ }
    setTimeout(ask, POLL);
  };
  ask();
}

function follow(after) {
  const stream = new EventSource(`/events?topics=${encodeURIComponent(topics)}&after=${encodeURIComponent(after)}`);
  stream.addEventListener("change", (event) => changed(event.data));
  stream.addEventListener("open", () => { line.textContent = "Live."; });
  stream.addEventListener("error", () => {
    // A browser comes back by itself, with the last event that it has seen, unless it was refused.
    if (stream.readyState === EventSource.CLOSED) poll();
    else line.textContent = "Connection lost; trying again.";
  });
}

if (topics) follow(document.body.dataset.after);

// The result of a call that stands further back than this page begins: it is shown at the end, and not lost.
document.addEventListener("htmx:oobErrorNoTarget", (event) => {
  const timeline = document.getElementById("timeline");
  if (!timeline || !event.detail.content.querySelector(".result")) return;
  const step = document.createElement("li");
  step.className = "step";
  step.append(...event.detail.content.childNodes);
  timeline.append(step);
});

// After the first configuration was saved: the dashboard that has it comes a moment after this one has gone.
function started() {
  fetch("/", { cache: "no-store" }).then((answer) => answer.text()).then((page) => {
    if (page.includes('href="/config/first"')) throw new Error("not yet");
    location.assign("/");
  }).catch(() => setTimeout(started, 500));
}

if (document.querySelector("[data-starting]")) setTimeout(started, 500);
