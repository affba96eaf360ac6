// Small conveniences over pages that work without them: charts, forms that send themselves.
"use strict";

(function () {
  const locale = document.documentElement.lang === "en" ? "en" : "id";
  const whole = new Intl.NumberFormat(locale);
  const moment = new Intl.DateTimeFormat(locale, {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta",
  });

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "Asia/Jakarta" });
  const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" });

  // data-chart: {"times": [seconds], "series": [{"values", "kind": line|band|reference}]}
  // data-labels: what the times and the series are called.
  function draw(place) {
    const told = JSON.parse(place.dataset.chart);
    const labels = JSON.parse(place.dataset.labels);
    const series = [{ label: labels[0], value: (_, at) => (at == null ? "–" : moment.format(new Date(at * 1000))) }];
    const data = [told.times];
    const bands = [];
    for (const each of told.series) {
      const style = {
        label: labels[series.length],
        stroke: colour(each.kind === "reference" ? "--muted" : "--accent"),
        width: each.kind === "line" ? 2 : 1,
        dash: each.kind === "reference" ? [6, 4] : undefined,
        spanGaps: false,
        points: { show: told.times.length < 60 && each.kind !== "reference" },
        value: (_, found) => (found == null ? "–" : whole.format(found)),
      };
      series.push(style);
      data.push(each.values);
      if (each.kind === "band") {
        bands.push({ series: [series.length - 2, series.length - 1], fill: colour("--band") });
      }
    }
    const size = () => ({ width: place.clientWidth, height: Math.max(220, Math.min(380, place.clientWidth * 0.45)) });
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 } };
    const chart = new uPlot({
      ...size(),
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Asia/Jakarta"),
      series, bands,
      axes: [{ ...axis, values: (_, ticks, __, ___, step) => ticks.map((tick) => (step < 86400 ? hour : day).format(new Date(tick * 1000))) }, { ...axis, size: 76, values: (_, ticks) => ticks.map((tick) => whole.format(tick)) }],
    }, data, place);
    addEventListener("resize", () => chart.setSize(size()));
  }

  function begin(root) {
    if (typeof uPlot !== "undefined") {
      root.querySelectorAll("[data-chart]:not([data-drawn])").forEach((place) => {
        place.dataset.drawn = "";
        draw(place);
      });
    }
    root.querySelectorAll("form[data-send-on-change] select").forEach((choice) => {
      choice.addEventListener("change", () => choice.form.requestSubmit());
    });
    root.querySelectorAll("[data-print]").forEach((button) => {
      button.addEventListener("click", () => window.print());
    });
    root.querySelectorAll("[data-copy]").forEach((button) => {
      button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy));
    });
    root.querySelectorAll("[data-drop]").forEach((zone) => {
      const field = zone.querySelector("input[type=file]");
      zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
      zone.addEventListener("dragleave", () => zone.classList.remove("over"));
      zone.addEventListener("drop", (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        if (event.dataTransfer.files.length) { field.files = event.dataTransfer.files; field.dispatchEvent(new Event("change", { bubbles: true })); }
      });
    });
  }

  document.addEventListener("DOMContentLoaded", () => begin(document));
  document.addEventListener("htmx:afterSwap", (event) => begin(event.target));
  // A refusal is a page that says what to do next, so it is shown like any other.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status >= 400) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
})();
