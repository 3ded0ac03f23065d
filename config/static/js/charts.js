// Draws <canvas data-chart="id"> from the JSON in <script id="id" type="application/json">, with the page's own colours.
(function () {
  "use strict";
  const HATCH = 6;
  const ROW = 34;
  const AXIS = 34;
  const drawn = new Map();

  // Custom properties hold light-dark() pairs; only a computed colour says which half applies now.
  function colour(token) {
    const probe = document.createElement("span");
    probe.style.color = `var(--${token})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
  const whole = new Intl.NumberFormat("en-US");
  const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

  // Cents only on an axis whose steps need them, and parts of cents so that no two steps read the same.
  function short(unit, value, ticks) {
    if (unit !== "usd") return compact.format(value);
    if (ticks.every((tick) => tick.value % 1 === 0)) return "$" + compact.format(value);
    const step = Math.abs(ticks[1].value - ticks[0].value);
    let places = 2;
    while (places < 8 && Math.abs(Number(step.toFixed(places)) - step) > step / 100) places += 1;
    return value === 0 ? "$0" : value.toLocaleString("en-US", { style: "currency", currency: "USD", minimumFractionDigits: places, maximumFractionDigits: places });
  }
  const exact = (unit, value) => (unit !== "usd" ? whole.format(value) : value > 0 && value < 0.005 ? "under $0.01" : money.format(value));

  // Names of lying bars: cut at the end, where Chart.js would cut the beginning off.
  function nameOf(canvas, spec, index) {
    const most = canvas.clientWidth < 480 ? 16 : 32;
    const name = spec.labels[index];
    return spec.horizontal && name.length > most ? name.slice(0, most - 1) + "…" : name;
  }

  // A day that is not over yet is hatched, so that it is not read as a drop.
  function hatched(context, base) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = HATCH;
    const pen = tile.getContext("2d");
    pen.strokeStyle = base;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(0, HATCH);
    pen.lineTo(HATCH, 0);
    pen.stroke();
    return context.createPattern(tile, "repeat");
  }

  function barSeries(series, spec, context) {
    const base = colour(`series-${series.color}`);
    const partial = spec.labels.indexOf(spec.partial);
    const fill = spec.labels.map((_, index) => (index === partial ? hatched(context, base) : base));
    return {
      label: series.name,
      data: series.values,
      backgroundColor: fill,
      borderColor: colour("surface"),
      borderWidth: { top: 1 },
      borderSkipped: false,
      maxBarThickness: spec.horizontal ? 20 : 40,
      stack: spec.stacked === false ? series.name : "all",
    };
  }

  function lineSeries(series, spec) {
    const base = colour(`series-${series.color}`);
    const partial = spec.labels.indexOf(spec.partial);
    return {
      label: series.name,
      data: series.values,
      borderColor: base,
      backgroundColor: base,
      borderWidth: 2,
      borderDash: series.dashed ? [5, 4] : [],
      pointRadius: spec.labels.length > 40 ? 0 : 2,
      pointHitRadius: 12,
      tension: 0,
      spanGaps: false,
      segment: { borderDash: (part) => (part.p1DataIndex === partial ? [3, 3] : undefined) },
    };
  }

  function options(spec, canvas) {
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
    const ticks = { color: colour("muted"), font };
    const border = { color: colour("line-strong") };
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      indexAxis: spec.horizontal ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: spec.horizontal ? "y" : "x" },
      scales: {
        [spec.horizontal ? "y" : "x"]: { stacked: spec.stacked !== false, grid: { display: false }, border, ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 12, callback: (index) => nameOf(canvas, spec, index) } },
        [spec.horizontal ? "x" : "y"]: {
          stacked: spec.type !== "line" && spec.stacked !== false,
          beginAtZero: true,
          border: { display: false },
          grid: { color: colour("line") },
          ticks: { ...ticks, maxTicksLimit: 6, callback: (value, _, marks) => short(spec.unit, value, marks) },
        },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: colour("ink"),
          titleColor: colour("paper"),
          bodyColor: colour("paper"),
          footerColor: colour("paper"),
          titleFont: font,
          bodyFont: font,
          footerFont: font,
          cornerRadius: 4,
          multiKeyBackground: colour("paper"),
          itemSort: (a, b) => b.raw - a.raw,
          filter: (item) => item.raw !== null && item.raw !== 0,
          callbacks: {
            title: (items) => (items.length && items[0].label === spec.partial ? `${items[0].label} (so far)` : items[0]?.label),
            label: (item) => ` ${item.dataset.label}: ${exact(spec.unit, item.raw)}`,
            footer: (items) => (items.length > 1 && spec.stacked !== false ? `Total: ${exact(spec.unit, items.reduce((sum, item) => sum + item.raw, 0))}` : ""),
          },
        },
      },
    };
  }

  function legend(canvas, spec) {
    const box = canvas.parentElement;
    if (box.nextElementSibling?.matches(".legend")) box.nextElementSibling.remove();
    const list = document.createElement("ul");
    list.className = "legend";
    for (const series of spec.series) {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = `swatch swatch-${series.color}`;
      item.append(swatch, series.name);
      list.append(item);
    }
    if (spec.partial && spec.labels.includes(spec.partial)) {
      const note = document.createElement("li");
      note.textContent = spec.type === "line" ? "Dotted: today so far" : "Hatched: today so far";
      list.append(note);
    }
    box.after(list);
  }

  // Lying bars need room for each, not more: a chart of two rows is not as tall as one of twelve.
  function fit(canvas, spec) {
    if (spec.horizontal) canvas.parentElement.style.height = `${ROW * spec.labels.length + AXIS}px`;
  }

  function draw(canvas) {
    const data = document.getElementById(canvas.dataset.chart);
    if (!data || !window.Chart) return;
    const spec = JSON.parse(data.textContent);
    spec.series.forEach((series, index) => (series.color ??= (index % 8) + 1));
    drawn.get(canvas)?.destroy();
    fit(canvas, spec);
    const context = canvas.getContext("2d");
    const make = spec.type === "line" ? lineSeries : barSeries;
    const datasets = spec.series.map((series) => make(series, spec, context));
    drawn.set(canvas, new window.Chart(canvas, { type: spec.type, data: { labels: spec.labels, datasets }, options: options(spec, canvas) }));
    if (spec.legend !== false) legend(canvas, spec);
  }

  function drawAll(root) {
    for (const canvas of root.querySelectorAll("canvas[data-chart]")) draw(canvas);
  }

  function forgetGone() {
    for (const [canvas, chart] of drawn) {
      if (canvas.isConnected) continue;
      chart.destroy();
      drawn.delete(canvas);
    }
  }

  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:afterSettle", (event) => {
    forgetGone();
    drawAll(event.target);
  });
  document.addEventListener("pare:theme", () => drawAll(document));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
})();
