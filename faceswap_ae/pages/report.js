"use strict";
const charts = JSON.parse(document.getElementById("data").textContent);
const shown = [...document.querySelectorAll(".chart")];

const spoken = (value, unit) => value === null ? "–" : `${Number(value.toPrecision(3))}${unit ? " " + unit : ""}`;

// The place under the pointer is told in every chart that has the same x.
function ask(from, share) {
  const x = charts[from].x, low = x[0], high = x[x.length - 1];
  const wanted = low + share * (high - low);
  charts.forEach((chart, number) => {
    const figure = shown[number];
    const same = chart.xUnit === charts[from].xUnit;
    figure.classList.toggle("asked", same);
    if (!same) { figure.querySelector("output").value = ""; return; }
    let at = 0;
    for (let i = 0; i < chart.x.length; i++) if (Math.abs(chart.x[i] - wanted) < Math.abs(chart.x[at] - wanted)) at = i;
    const across = 600 * share;
    figure.querySelector(".cross").setAttribute("d", `M${across.toFixed(1)},0V120`);
    const values = chart.lines.map((line) => spoken(line.values[at], chart.unit));
    figure.querySelector("output").value = `${Number(chart.x[at].toPrecision(4))} ${chart.xUnit}: ${values.join(" / ")}`;
  });
}

function leave() {
  for (const figure of shown) {
    figure.classList.remove("asked");
    figure.querySelector("output").value = "";
  }
}

shown.forEach((figure, number) => {
  const plot = figure.querySelector(".plot");
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    ask(number, Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  };
  plot.addEventListener("pointermove", at);
  plot.addEventListener("pointerdown", at);
  plot.addEventListener("pointerleave", leave);
});

// All stills of a moment are shown large, side by side, until the next click.
const large = document.getElementById("large");
document.querySelectorAll(".moment").forEach((moment) => moment.addEventListener("click", () => {
  large.replaceChildren(...[...moment.children].map((still) => still.cloneNode(true)));
  large.showModal();
}));
large.addEventListener("click", () => large.close());
