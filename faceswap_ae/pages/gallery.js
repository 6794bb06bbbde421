"use strict";
const { command, faces: all } = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const UNITS = { yaw: "°", pitch: "°", size: " px", time: " s" };
const marks = new Set();
const limits = {};
let shown = [], last = null;

const told = (name, value) => value === null ? "–"
  : (name === "size" || UNITS[name] === "°" ? Math.round(value) : value.toFixed(2)) + (UNITS[name] || "");

// Pictures are unpacked when they come near the window: thousands at once would be slow.
const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    target.firstChild.src = "data:image/jpeg;base64," + all[target.dataset.at].picture;
    near.unobserve(target);
  }
}, { rootMargin: "800px" });

const tiles = all.map((face, at) => {
  const tile = document.createElement("button");
  const picture = document.createElement("img");
  picture.alt = "";
  tile.className = "face";
  tile.dataset.at = at;
  tile.append(picture, document.createElement("span"));
  tile.title = [face.name, face.source, ...["sharpness", "yaw", "pitch", "size", "brightness",
    "occlusion", "score", "time"].map((name) => `${name} ${told(name, face[name])}`)]
    .filter(Boolean).join("\n");
  tile.addEventListener("click", (event) => press(at, event.shiftKey));
  near.observe(tile);
  return tile;
});

function press(at, through) {
  const on = !marks.has(all[at].name);
  const ends = [shown.indexOf(last), shown.indexOf(at)].sort((a, b) => a - b);
  const meant = through && ends[0] >= 0 ? shown.slice(ends[0], ends[1] + 1) : [at];
  for (const one of meant) on ? marks.add(all[one].name) : marks.delete(all[one].name);
  last = at;
  tell();
}

function within(face) {
  return Object.entries(limits).every(([name, { low, high, min, max }]) =>
    face[name] === null ? low <= min && high >= max : face[name] >= low && face[name] <= high);
}

// The number beside yaw under each face.
function second() {
  const order = $("order").value;
  return ["", "yaw", "similarity"].includes(order) ? "sharpness" : order;
}

function show() {
  const order = $("order").value, only = $("marked").ariaPressed === "true";
  shown = all.map((_, at) => at).filter((at) => within(all[at]) && (!only || marks.has(all[at].name)));
  if (order) shown.sort((a, b) => (all[a][order] ?? Infinity) - (all[b][order] ?? Infinity));
  if ($("turn").ariaPressed === "true") shown.reverse();
  for (const at of shown) {
    const parts = [told("yaw", all[at].yaw), told(second(), all[at][second()])];
    tiles[at].lastChild.textContent = parts.join(" · ");
  }
  $("faces").replaceChildren(...shown.map((at) => tiles[at]));
  $("none").hidden = shown.length > 0;
  tell();
}

function tell() {
  tiles.forEach((tile, at) => tile.setAttribute("aria-pressed", marks.has(all[at].name)));
  const names = all.map((face) => face.name).filter((name) => marks.has(name));
  const count = document.createElement("b");
  count.textContent = `${names.length} marked`;
  const beside = document.createElement("span");
  beside.textContent = ` · under each: yaw and ${second()}`;
  count.className = names.length ? "some" : "";
  $("open").textContent = names.length ? `Drop ${names.length} …` : "Drop …";
  $("told").replaceChildren(count, ` · ${shown.length} of ${all.length} shown`, beside);
  $("list").value = names.join("\n") + (names.length ? "\n" : "");
  $("command").textContent = `${command} --list drop.txt`;
  $("save").disabled = $("clear").disabled = !names.length;
  const rules = Object.entries(limits).flatMap(([name, { low, high, min, max }]) => [
    ...(low > min ? [`--where "${name}>=${low}"`] : []),
    ...(high < max ? [`--where "${name}<=${high}"`] : [])]);
  $("rule").hidden = !rules.length;
  $("condition").textContent = [command, ...rules].join(" ");
  remember(JSON.stringify(names));
}

// Some browsers keep nothing for a file; then a reload forgets the marks.
function remember(names) {
  try { localStorage.setItem(command, names); } catch { /* see above */ }
}
try {
  const there = new Set(all.map((face) => face.name));
  for (const name of JSON.parse(localStorage.getItem(command)) || []) {
    if (there.has(name)) marks.add(name);
  }
} catch { /* see above */ }

for (const filter of document.querySelectorAll(".filter")) {
  const [low, high] = filter.querySelectorAll("input");
  const name = filter.dataset.measure, unit = filter.dataset.unit;
  const limit = limits[name] = { min: +low.min, max: +low.max };
  filter.read = () => {
    [limit.low, limit.high] = [+low.value, +high.value].sort((a, b) => a - b);
    filter.querySelector("output").value = `${limit.low} to ${limit.high}${unit}`;
    for (const bar of filter.querySelectorAll("rect")) {
      const out = +bar.dataset.to <= limit.low || +bar.dataset.from >= limit.high;
      bar.classList.toggle("out", out);
    }
  };
  filter.read();
  filter.addEventListener("input", () => { filter.read(); show(); });
}
$("all").addEventListener("click", () => {
  for (const filter of document.querySelectorAll(".filter")) {
    for (const end of filter.querySelectorAll("input")) end.value = end.defaultValue;
    filter.read();
  }
  show();
});
for (const id of ["turn", "marked"]) {
  $(id).addEventListener("click", () => {
    $(id).ariaPressed = $(id).ariaPressed === "true" ? "false" : "true";
    show();
  });
}
$("order").addEventListener("change", show);
$("zoom").addEventListener("input", () =>
  document.documentElement.style.setProperty("--tile", `${$("zoom").value}px`));
$("mark").addEventListener("click", () => { shown.forEach((at) => marks.add(all[at].name)); tell(); });
$("clear").addEventListener("click", () => { marks.clear(); show(); });
$("open").addEventListener("click", () => {
  $("take").hidden = !$("take").hidden;
  $("open").ariaExpanded = String(!$("take").hidden);
});
$("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([$("list").value], { type: "text/plain" }));
  link.download = "drop.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const from = $(button.dataset.copy), text = from.value ?? from.textContent, says = button.textContent;
    try { await navigator.clipboard.writeText(text); } catch {
      const range = document.createRange();
      if (from.select) from.select();
      else { range.selectNodeContents(from); getSelection().removeAllRanges(); getSelection().addRange(range); }
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = says; }, 1200);
  });
}
if (matchMedia("(max-width: 46rem)").matches) $("side").open = false;
show();
