// Times in the reader's zone. Without this script they stand there in UTC.
"use strict";

const shown = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});

function localTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = shown.format(at);
    time.dataset.local = "";
  }
}

localTimes(document);
document.addEventListener("htmx:afterSettle", (event) => localTimes(event.target));
