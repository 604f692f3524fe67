"use strict";
// What the page does with a script: sort and filter the overview, copy filters, and draw all
// connections of a pool, to zoom into and to ask about. Strings become text nodes, never markup.
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const laneHeight = 22, barTop = 3, barHeight = 16, mostVisible = 24;

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== ""));
  return node;
}
const el = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const percent = share => (share * 100).toFixed(3) + "%";

// ---- spans of microseconds

function span(us) {
  const ms = us / 1000;
  if (ms < .1) return us + " µs";
  if (ms < 1) return ms.toFixed(2) + " ms";
  if (ms < 10) return ms.toFixed(1) + " ms";
  if (ms < 1000) return ms.toFixed(0) + " ms";
  return (ms / 1000).toFixed(ms < 10000 ? 2 : 1) + " s";
}

// ---- theme

function theme() {
  const root = document.documentElement, words = ["auto", "light", "dark"];
  let now = "auto";
  try { now = localStorage.getItem("tcpwarm-theme") || "auto"; } catch { /* a file may have no storage */ }
  const button = el("button", {id: "theme", type: "button", onclick: () => set(words[(words.indexOf(now) + 1) % 3])});
  function set(word) {
    now = words.includes(word) ? word : "auto";
    if (now === "auto") delete root.dataset.theme; else root.dataset.theme = now;
    button.textContent = "theme: " + now;
    try { localStorage.setItem("tcpwarm-theme", now); } catch { /* as above */ }
  }
  set(now);
  document.querySelector("header").append(button);
}

// ---- filters to copy

// copyButton copies a filter; where the browser does not let it, it shows what there is to copy.
function copyButton(label, filter) {
  const button = el("button", {type: "button", class: "copy", title: filter, onclick: async () => {
    try {
      await navigator.clipboard.writeText(filter);
      button.textContent = "copied";
      setTimeout(() => { button.textContent = label; }, 1500);
    } catch {
      button.textContent = filter;
    }
  }}, label);
  return button;
}
function withCopy(code) { code.after(copyButton("copy", code.textContent)); }
function filterLine(label, filter) {
  if (!filter) return null;
  const code = el("code", {class: "filter", tabindex: 0}, filter);
  const line = el("p", {class: "packets"}, label, code);
  withCopy(code);
  return line;
}

// ---- overview

function overview() {
  const table = document.getElementById("overview");
  if (!table) return;
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const value = (row, column) => {
    const text = row.cells[column].textContent.trim();
    const n = parseFloat(text.replace(/^packet /, ""));
    return Number.isNaN(n) ? text.toLowerCase() : n;
  };
  heads.forEach((head, column) => {
    if (column === heads.length - 1) return; // a picture
    const button = el("button", {type: "button", onclick: sort}, ...head.childNodes);
    head.append(button);
    function sort() {
      const down = head.getAttribute("aria-sort") !== "descending";
      heads.forEach(h => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const number = x => typeof x === "number";
      const compare = (a, b) => number(a) && number(b) ? a - b : number(a) ? 1 : number(b) ? -1 : a < b ? -1 : a > b ? 1 : 0;
      const rows = [...body.rows].map(row => [value(row, column), row]);
      rows.sort((a, b) => compare(a[0], b[0]) * (down ? -1 : 1));
      body.append(...rows.map(r => r[1]));
    }
  });
  const input = document.getElementById("filter"), count = document.getElementById("count");
  function filter() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase(), hit = words.every(w => text.includes(w));
      row.hidden = !hit;
      shown += hit;
      const section = document.getElementById("pool-" + row.dataset.pool);
      if (section) section.hidden = !hit;
    }
    count.textContent = words.length ? shown + " of " + body.rows.length : "";
  }
  input.addEventListener("input", filter);
  input.closest(".tools").hidden = false;
  filter();
}

// openTarget opens the pool that the address names.
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView();
  }
}

// ---- time

// An Axis places instants between 0 and 1, with stretches in which nothing happens drawn short, and a
// part of it magnified.
class Axis {
  constructor(pool) {
    this.zero = pool.zero; this.end = pool.end; this.cuts = pool.cuts || [];
    this.reset();
  }
  get whole() { return this.drawn(this.end) * 1.005; } // what ends last is to be seen
  reset() { this.from = 0; this.to = this.whole; }
  drawn(t) {
    let d = t;
    for (const [from, to, drawn] of this.cuts) {
      if (t >= to) d -= to - from - drawn;
      else if (t > from) d -= (t - from) * (1 - drawn / (to - from));
    }
    return d;
  }
  instant(d) { // the reverse of drawn
    let t = d;
    for (const [from, to, drawn] of this.cuts) {
      if (t <= from) break;
      t = t < from + drawn ? from + (t - from) / drawn * (to - from) : t + to - from - drawn;
    }
    return t;
  }
  place(t) { return (this.drawn(t - this.zero) - this.from) / (this.to - this.from); }
  zoom(factor, at) {
    const width = Math.min(this.whole, Math.max(1, (this.to - this.from) * factor));
    const middle = this.from + (this.to - this.from) * at;
    this.show(middle - width * at, middle + width * (1 - at));
  }
  move(share) { const by = (this.to - this.from) * share; this.show(this.from + by, this.to + by); }
  show(from, to) {
    const width = Math.min(to - from, this.whole);
    this.from = Math.min(Math.max(0, from), this.whole - width);
    this.to = this.from + width;
  }
  ticks(width) {
    const least = (this.to - this.from) * 80 / Math.max(width, 80);
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= least) || power * 10;
    const inSeconds = this.end >= 2e6 && step >= 1e4, unit = inSeconds ? 1e6 : 1e3;
    const list = [], parts = [];
    let begin = 0;
    for (const [from, to] of this.cuts) { parts.push([begin, from]); begin = to; }
    parts.push([begin, this.end]);
    for (const [from, to] of parts) {
      const first = Math.max(from, this.instant(this.from)), last = Math.min(to, this.instant(this.to));
      for (let t = Math.ceil(first / step) * step, n = 0; t <= last && n < 100; t += step, n++) {
        list.push([this.place(t + this.zero), String(+(t / unit).toPrecision(9))]);
      }
    }
    return {unit: inSeconds ? "s" : "ms", list};
  }
}

// ---- lanes

function bars(lane, axis) {
  const all = [];
  const bar = (kind, from, to, y, h, title) => {
    const x = axis.place(from), right = axis.place(to);
    if (right < 0 || x > 1) return;
    const left = Math.max(x, -.01);
    all.push(svg("rect", {class: kind, x: percent(left), width: percent(Math.max(1e-4, Math.min(right, 1.01) - left)), y, height: h},
      title ? svg("title", {}, title) : null));
  };
  bar("idle", lane.s, lane.e, laneHeight / 2 - 1, 1);
  if (lane.h) bar("handshake", lane.s, lane.h, barTop + barHeight / 4, barHeight / 2, "handshake " + span(lane.h - lane.s));
  if (lane.l > lane.h) bar("tls", lane.h, lane.l, barTop + barHeight / 4, barHeight / 2, "TLS handshake, until the first request");
  const h = barHeight / (lane.r || 1);
  for (const [start, sent, answer, end, row, packet, , request, status] of lane.x) {
    const y = barTop + row * h, title = `${request} ${status}, packet ${packet}: waited ${span(answer - sent)}, received ${span(end - answer)}`;
    if (sent > start) bar("request", start, sent, y + h / 4, h / 2, title);
    bar("wait", sent, answer, y + h / 8, h * 3 / 4, title);
    if (end > answer) bar("receive", answer, end, y, h, title);
  }
  if (lane.d && lane.d !== "open") bar("closed", lane.e, lane.e, barTop, barHeight, lane.d);
  return all;
}

// A View is the connections of a pool as lanes: of many, those in sight are drawn.
class View {
  constructor(pool, lanes, axis, label, onSelect) {
    Object.assign(this, {pool, lanes, axis, onSelect, selected: -1});
    this.rows = new Map(lanes.map((lane, row) => [lane.i, row]));
    this.ruler = svg("svg", {class: "plot", "aria-hidden": "true"});
    this.unit = el("span", {class: "unit"});
    this.inner = el("div", {class: "inner"});
    this.inner.style.height = lanes.length * laneHeight + "px";
    this.scroller = el("div", {class: "scroller", tabindex: 0, role: "listbox", "aria-label": label,
      onscroll: () => this.later(), onkeydown: e => this.key(e), onclick: e => this.click(e)}, this.inner);
    this.scroller.style.maxHeight = Math.min(lanes.length, mostVisible) * laneHeight + "px";
    this.node = el("div", {class: "lanes"}, el("div", {class: "axis"}, this.ruler, this.unit), this.scroller);
    this.scroller.addEventListener("wheel", e => this.wheel(e), {passive: false});
    this.drag();
  }
  later() {
    if (!this.waiting) this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.render(); });
  }
  render() {
    const top = this.scroller.scrollTop, first = Math.max(0, Math.floor(top / laneHeight) - 2);
    const last = Math.min(this.lanes.length, Math.ceil((top + this.scroller.clientHeight) / laneHeight) + 2);
    const shown = this.lanes.slice(first, last).map((lane, i) => this.row(lane, first + i));
    this.inner.replaceChildren(this.shades(), ...shown, this.arrows(first, last));
    const {unit, list} = this.axis.ticks(this.ruler.clientWidth);
    this.ruler.replaceChildren(...list.map(([at, label]) => svg("text", {x: percent(at), y: 14}, label)));
    this.unit.textContent = unit;
    if (this.selected >= 0) this.scroller.setAttribute("aria-activedescendant", this.id(this.selected));
  }
  id(row) { return `lane-${this.pool.id}-${this.lanes[row].i}`; }
  row(lane, row) {
    const o = lane.o, chosen = row === this.selected;
    const requests = lane.x.length === 1 ? "1 request" : lane.x.length + " requests";
    const node = el("div", {class: "lane" + (o && o.a ? " needless" : "") + (chosen ? " chosen" : ""), role: "option",
      id: this.id(row), "aria-selected": String(chosen), "data-row": row},
      el("span", {class: "label"}, "#" + lane.i, o ? el("i", {}, " " + o.c) : null, el("span", {class: "hidden"}, `, ${requests}, `)),
      svg("svg", {class: "plot", "aria-hidden": "true"}, bars(lane, this.axis)), el("span", {class: "end"}, lane.d));
    node.style.top = row * laneHeight + "px";
    return node;
  }
  shades() {
    const node = svg("svg", {class: "arrows", "aria-hidden": "true"});
    node.style.height = this.lanes.length * laneHeight + "px";
    for (const [from, to] of this.axis.cuts) {
      const x = this.axis.place(from + this.axis.zero), right = this.axis.place(to + this.axis.zero);
      if (right < 0 || x > 1) continue;
      node.append(svg("rect", {class: "cut", x: percent(Math.max(0, x)), width: percent(Math.min(1, right) - Math.max(0, x)), y: 0, height: "100%"}));
    }
    return node;
  }
  // arrows leads from idle connections to those in sight that were opened instead; the first is bold,
  // and so is the chosen one's.
  arrows(first, last) {
    const node = svg("svg", {class: "arrows", "aria-hidden": "true"});
    node.style.height = this.lanes.length * laneHeight + "px";
    const blamed = this.lanes.findIndex(lane => this.instead(lane));
    for (let row = first; row < last; row++) {
      const lane = this.lanes[row], from = this.instead(lane);
      if (!from) continue;
      const x1 = this.axis.place(Math.min(Math.max(from.s, lane.s), from.e)), x2 = this.axis.place(lane.s);
      if (x2 < 0 || x2 > 1) continue;
      const bold = row === blamed || row === this.selected;
      node.append(svg("line", {class: "arrow" + (bold ? " first" : "") + (from.e < lane.s ? " gone" : ""), "data-to": lane.i,
        x1: percent(x1), x2: percent(x2), y1: this.rows.get(from.i) * laneHeight + laneHeight / 2, y2: row * laneHeight + barTop}));
    }
    return node;
  }
  instead(lane) {
    const row = lane.o && lane.o.a ? this.rows.get(lane.o.n) : undefined;
    return row === undefined ? null : this.lanes[row];
  }
  select(row, open) {
    this.selected = Math.min(Math.max(row, 0), this.lanes.length - 1);
    const top = this.selected * laneHeight, s = this.scroller;
    if (top < s.scrollTop) s.scrollTop = top;
    else if (top + laneHeight > s.scrollTop + s.clientHeight) s.scrollTop = top + laneHeight - s.clientHeight;
    this.render();
    if (open && this.onSelect) this.onSelect(this.lanes[this.selected]);
  }
  click(e) {
    const row = e.target.closest("[data-row]");
    if (row && !this.dragged) this.select(+row.dataset.row, true);
  }
  key(e) {
    const moves = {ArrowDown: 1, ArrowUp: -1, PageDown: mostVisible, PageUp: -mostVisible};
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key in moves) this.select(this.selected + moves[e.key], false);
    else if (e.key === "Home") this.select(0, false);
    else if (e.key === "End") this.select(this.lanes.length - 1, false);
    else if (e.key === "Enter" || e.key === " ") this.select(this.selected, true);
    else if (e.key === "+" || e.key === "=") this.changed(() => this.axis.zoom(.5, .5));
    else if (e.key === "-") this.changed(() => this.axis.zoom(2, .5));
    else if (e.key === "0") this.changed(() => this.axis.reset());
    else if (e.key === "ArrowLeft") this.changed(() => this.axis.move(-.2));
    else if (e.key === "ArrowRight") this.changed(() => this.axis.move(.2));
    else return;
    e.preventDefault();
  }
  changed(change) { change(); (this.onZoom || (() => this.render()))(); }
  at(e) { const box = this.ruler.getBoundingClientRect(); return Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)); }
  wheel(e) {
    if (e.ctrlKey) this.changed(() => this.axis.zoom(Math.exp(e.deltaY / 200), this.at(e)));
    else if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) this.changed(() => this.axis.move(e.deltaX / 1000));
    else return;
    e.preventDefault();
  }
  // drag magnifies the time that a mouse is drawn over.
  drag() {
    let start = null;
    this.scroller.addEventListener("pointerdown", e => { this.dragged = false; if (e.pointerType === "mouse" && e.button === 0) start = e; });
    addEventListener("pointerup", e => {
      if (start && Math.abs(e.clientX - start.clientX) > 8) {
        const [a, b] = [this.at(start), this.at(e)].sort((x, y) => x - y), {from, to} = this.axis;
        this.dragged = true;
        if (b > a) this.changed(() => this.axis.show(from + (to - from) * a, from + (to - from) * b));
      }
      start = null;
    });
  }
}

// ---- a connection in detail

function table(heads, rows, label) {
  return el("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": label}, el("table", {},
    el("thead", {}, el("tr", {}, heads.map(([text, kind]) => el("th", {class: kind}, text)))),
    el("tbody", {}, rows.map(cells => el("tr", {}, cells.map((c, i) => el("td", {class: heads[i][1]}, c)))))));
}

function detail(lane, goTo, close) {
  const o = lane.o, parts = [];
  parts.push(el("h3", {}, `#${lane.i}  ${lane.c} to ${lane.v} `, el("button", {type: "button", onclick: close}, "close")));
  parts.push(el("p", {class: "meta"}, `packets ${lane.f} to ${lane.t}, open for ${span(lane.e - lane.s)}, ended: ${lane.d} · ` + lane.a.join(" · ")));
  parts.push(filterLine("its packets: ", lane.q));
  if (o) {
    const other = o.n ? el("button", {type: "button", onclick: () => goTo(o.n)}, "#" + o.n) : null;
    parts.push(el("p", {}, el("strong", {}, o.a ? "Too many: " : "Opened: "), o.c, " ", el("small", {class: "grade"}, o.g),
      other ? [" instead of ", other] : null, o.i ? `, which had been idle for ${o.i}` : null));
    if (o.t) parts.push(el("p", {}, o.t));
    if (o.r) parts.push(el("p", {class: "refuted"}, "Refuted if: " + o.r));
    const packets = [...new Set([...(o.p || []), lane.f])].sort((a, b) => a - b);
    if (o.q) parts.push(filterLine(`packet${packets.length > 1 ? "s" : ""} ${packets.join(", ")}: `, o.q));
  }
  if (lane.x.length) {
    let before = null;
    const rows = lane.x.map(([start, sent, answer, end, , first, last, request, status, warmth], i) => {
      const idle = before === null ? "" : span(Math.max(0, start - before));
      before = end;
      return [i + 1, span(start - lane.s), idle, span(answer - sent), span(end - answer), `${request} ${status}`, warmth,
        copyButton(last ? `${first} to ${last}` : first, last ? `frame.number >= ${first} && frame.number <= ${last}` : `frame.number == ${first}`)];
    });
    parts.push(table([["#", "n"], ["start", "n"], ["idle before", "n"], ["waited", "n"], ["received", "n"], ["request"], ["window"], ["packets (a click copies a filter)", "n"]],
      rows, "Requests on this connection"));
    if (lane.m) parts.push(el("p", {class: "meta"}, `and ${lane.m} more`));
  }
  for (const w of lane.w || []) parts.push(w.s ? overTime(w, lane) : growth(w));
  if (lane.g) parts.push(timeSequence(lane));
  else if (anyGraphs) parts.push(el("p", {class: "meta"}, "no time-sequence graph: this page has those of the connections with the most to see"));
  return el("div", {class: "detail", tabindex: -1}, parts);
}

const kilo = n => n >= 1e6 ? (n / 1e6).toFixed(1) + " MB" : n >= 1e3 ? (n / 1e3).toFixed(1) + " kB" : n + " B";

// growth draws how a congestion window grew, round by round, and what it did in between.
function growth(w) {
  const most = Math.max(...w.g), n = w.g.length, height = 120;
  const y = bytes => height - bytes / most * (height - 14);
  const path = w.g.map((bytes, i) => `${i ? "V" : "M0 "}${y(bytes).toFixed(1)}H${i + 1}`).join("");
  const picture = svg("svg", {class: "growth", viewBox: `0 0 ${n} ${height}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `the window's growth from ${kilo(w.g[0])} to at most ${kilo(most)}`},
    svg("path", {class: "area", d: `${path}V${height}H0Z`}), svg("path", {class: "line", d: path}));
  const phases = w.p || [], end = Math.max(1, ...phases.map(p => p.End));
  const strip = phases.length ? svg("svg", {class: "phases", "aria-hidden": "true"}, phases.map(p => svg("rect", {class: "phase " + p.n.replace(/[^a-z-]/g, ""),
    x: percent(p.Start / end), width: percent(Math.max(0, p.End - p.Start) / end), y: 0, height: 10}, svg("title", {}, `${p.n}, ${span(p.Start)} to ${span(p.End)}`)))) : null;
  return el("div", {class: "window"}, el("h4", {}, `congestion window of the ${w.f}, at the begin of rounds, at most ${kilo(most)}`), picture, strip,
    strip ? el("p", {class: "meta"}, "phases over time: " + [...new Set(phases.map(p => p.n))].join(", ")) : null,
    el("p", {class: "meta"}, w.a.join(" · ")));
}

// ---- a window over time

// runs are where each word of a list holds, as [from, to, word], which are points.
const runs = (list, points) => list.map((at, k) => [at.i, k + 1 < list.length ? list[k + 1].i : points - 1, at.w]);
const className = word => word.replace(/[^a-z-]/g, "");

// overTime draws a congestion window with its band, what was in flight, what the receiver offered, phases,
// events and the begins of requests; below, what limited the sender, and round trips.
function overTime(w, lane) {
  const s = w.s, n = s.t.length, first = s.t[0], length = Math.max(1, s.t[n - 1] - first), height = 200;
  const told = s.q || [];
  const most = Math.max(1, ...s.b, ...s.f, ...told.map(q => q.b), ...s.h.filter((h, i) => h < 4 * Math.max(s.b[i], s.f[i])));
  const x = i => ((s.t[i] - first) / length * 1000).toFixed(2), y = bytes => (height - Math.min(1.02, bytes / most) * (height - 10)).toFixed(1);
  const picture = (kind, h, label, ...parts) => svg("svg", {class: kind, viewBox: `0 0 1000 ${h}`, preserveAspectRatio: "none", role: "img", "aria-label": label}, parts);
  // steps is a line that holds its value until the next point, and is not drawn where the value is not known.
  function steps(values, from, to) {
    let path = "";
    for (let i = from, on = false; i <= to; i++) {
      if (!values[i]) { on = false; continue; }
      path += on ? `H${x(i)}V${y(values[i])}` : `M${x(i)} ${y(values[i])}`;
      on = true;
    }
    return path;
  }
  let band = "";
  for (let i = 0; i + 1 < n; i++) {
    if (s.h[i] > s.l[i] && s.h[i]) band += `M${x(i)} ${y(s.l[i])}V${y(s.h[i])}H${x(i + 1)}V${y(s.l[i])}z`;
  }
  const shade = ([from, to, word]) => svg("rect", {class: "shade " + className(word), x: x(from), width: Math.max(.5, x(to) - x(from)), y: 0, height},
    svg("title", {}, `${word}, from ${span(s.t[from] - lane.s)}`));
  const lines = runs(s.k, n).map(([from, to, word]) => svg("path", {class: "best " + className(word), d: steps(s.b, from, Math.min(to, n - 1))}));
  const spread = s.a.map((a, i) => a && a < s.b[i] ? `M${x(i)} ${y(a)}V${y(s.b[i])}` : "").join("");
  const main = picture("window-time", height, `the window over time, at most ${kilo(Math.max(...s.b))}, with ${s.e.length} events`,
    runs(s.p, n).map(shade), svg("path", {class: "band", d: band}), svg("path", {class: "flight", d: steps(s.f, 0, n - 1)}),
    svg("path", {class: "offered", d: steps(s.o, 0, n - 1)}), svg("path", {class: "best observed", d: spread}), lines,
    told.map(q => svg("path", {class: "kernel", d: `M${((q.t - first) / length * 1000).toFixed(2)} ${y(q.b)}h.01`}, svg("title", {}, `the kernel said ${kilo(q.b)} at ${span(q.t - lane.s)}`))));
  const marks = svg("svg", {class: "marks", role: "img", "aria-label": "events and requests"});
  const mark = (at, kind, glyph, title) => {
    const share = (at - first) / length;
    if (share >= 0 && share <= 1) marks.append(svg("text", {class: kind, x: percent(share), y: 12}, glyph, svg("title", {}, title)));
  };
  for (const e of s.e) mark(e.t, "event " + className(e.w), {loss: "✕", timeout: "⏱", ecn: "E", "idle-restart": "↺"}[e.w] || "|", `${e.w}, at ${span(e.t - lane.s)}`);
  for (const e of lane.x) mark(e[0], "begin", "▲", `${e[7]}, packet ${e[5]}${e[9] ? ", " + e[9] : ""}`);
  const limits = picture("limits", 10, "what limited the sender", runs(s.m, n).map(([from, to, word]) => svg("rect", {class: "limit " + className(word),
    x: x(from), width: Math.max(.5, x(to) - x(from)), y: 0, height: 10}, svg("title", {}, `limited by ${word}`))));
  const slowest = Math.max(...s.r);
  const trips = slowest ? picture("trips", 60, `round trips, at most ${span(slowest)}`, svg("path", {class: "trip",
    d: s.r.map((v, i) => v ? `${i && s.r[i - 1] ? "L" : "M"}${x(i)} ${(58 - v / slowest * 54).toFixed(1)}` : "").join("")})) : null;
  const words = list => [...new Set(list.map(at => at.w))].filter(Boolean);
  const legend = (prefix, list) => words(list).map(word => el("li", {}, el("span", {class: `swatch ${prefix} ${className(word)}`}), word));
  const events = Object.entries(s.e.reduce((count, e) => ({...count, [e.w]: (count[e.w] || 0) + 1}), {})).map(([name, k]) => `${name} ${k}`);
  return el("div", {class: "window"}, el("h4", {}, `congestion window of the ${w.f}, up to ${kilo(Math.max(...s.b))}`),
    el("div", {class: "scale"}, main, el("span", {}, kilo(most)), el("span", {}, w.z ? `${Math.round(most / w.z)} segments` : ""), el("span", {}, "0")), marks,
    el("p", {class: "meta ends"}, el("span", {}, span(first - lane.s)), el("span", {}, span(s.t[n - 1] - lane.s))),
    el("ul", {class: "legend"}, el("li", {}, "line: observed solid, inferred dashed, assumed dotted"), el("li", {}, "band: its bounds"),
      el("li", {}, "grey: in flight"), el("li", {}, "thin dashes: the receiver's window"), legend("shade", s.p), el("li", {}, "▲ a request"), told.length ? el("li", {}, "dot: what the sender's kernel said") : null, events.length ? el("li", {}, "events: " + events.join(", ")) : null),
    el("h4", {}, "what limited the sender"), limits, el("ul", {class: "legend"}, legend("limit", s.m)),
    trips ? [el("h4", {}, `smoothed round trip, up to ${span(slowest)}`), trips] : null,
    el("p", {class: "meta"}, `times are after the connection's begin, on the sender's clock; ${n} points of ${s.n} samples · ` + w.a.join(" · ")));
}

// ---- time-sequence graph

// strokeKinds are what a graph has, in the order of the data, and how its legend tells them. The first four were sent.
const strokeKinds = [["data", "sent", "thin stroke: data"], ["resent", "sent again", "thick stroke with a dot on top: sent again"],
  ["reordered", "out of order", "stroke with a square at its foot: out of order"], ["probe", "a probe", "square: a keep-alive or window probe"],
  ["acked", "acknowledges", "line: acknowledged up to here"], ["repeated", "the same acknowledgement again", "dot on the line: a duplicate acknowledgement"],
  ["sacked", "SACK", "dashed stroke: a SACK block"], ["zero", "the window closes", "large square on the line: the window is closed"]];
const [newKind, resentKind, reorderedKind, probeKind, ackKind, repeatedKind, sackKind, zeroKind] = strokeKinds.keys();

// unpack makes rows of columns, each with how many segments it stands for.
function unpack(columns, kind) {
  if (!columns) return [];
  let t = 0, p = 0, s = 0;
  return columns.t.map((dt, i) => {
    t += dt; p += columns.p[i]; s += columns.s[i];
    return {kind, t, p, s, e: s + columns.l[i], n: columns.n ? columns.n[i] : 1, last: p + (columns.q ? columns.q[i] : 0)};
  });
}

// anyGraphs is whether some connection has a graph.
const anyGraphs = data.pools.some(pool => pool.lanes.some(lane => lane.g));

// tellStroke says what a stroke is, and strokeFilter finds its packets.
function tellStroke(k, lane) {
  const packets = k.n > 1 ? `${k.n} segments, packets ${k.p} to ${k.last}` : `packet ${k.p}`;
  const range = `${k.s} to ${k.e}`, what = strokeKinds[k.kind][1];
  const says = k.kind === ackKind ? `${what} what is before ${k.s}` + (k.e >= k.s ? `, window ${k.e - k.s}` : "") :
    k.kind === zeroKind || k.kind === repeatedKind ? `${what}, at ${k.s}` : `${what}, ${range}`;
  return `${packets}, ${span(Math.max(0, k.t - lane.s))}: ${says}`;
}
function strokeFilter(k, lane) {
  if (k.n < 2) return `frame.number == ${k.p}`;
  const ends = lane.q.split(" && frame.number")[0];
  return (ends.includes("tcp.port") ? ends + " && " : "") + `frame.number >= ${k.p} && frame.number <= ${k.last}`;
}

// timeSequence draws what each side sent and what the other said of it, as tcptrace does: time to the right, relative
// sequence numbers upwards.
function timeSequence(lane) {
  const node = el("div", {class: "window sequence", "aria-live": "off"}); // the slider says what is picked
  const choose = from => el("p", {class: "tools"}, "data sent by the", lane.g.map(g => el("button", {type: "button",
    "aria-pressed": String(g.f === from.f), onclick: () => { show(g); node.querySelector("[aria-pressed=true]").focus(); }}, g.f)));
  const show = g => node.replaceChildren(el("h4", {}, `time-sequence graph of the ${g.f}'s data`), lane.g.length > 1 ? choose(g) : "", ...sequenceGraph(g, lane));
  show(lane.g[0]);
  return node;
}

function sequenceGraph(g, lane) {
  const height = 300, lists = g.k.map(unpack), items = lists.flat().sort((a, b) => a.p - b.p || a.kind - b.kind);
  const counts = lists.map(list => list.reduce((sum, k) => sum + k.n, 0)), joined = items.some(k => k.n > 1);
  const first = Math.min(...items.map(k => k.t)), length = Math.max(1, Math.max(...items.map(k => k.t)) - first);
  const top = k => k.kind === ackKind ? k.s : k.e;
  let from = 0, to = 1, low = 0, high = 1, at = items.findIndex(k => k.kind === resentKind), pinned = false;
  if (at < 0) at = 0;
  const share = k => (k.t - first) / length, x = k => (share(k) - from) / (to - from) * 1000;
  const y = n => 6 + (high - n) / (high - low) * (height - 12), fixed = n => n.toFixed(2);
  const path = (kind, title) => svg("path", {class: kind}, title ? svg("title", {}, title) : null);
  const lines = strokeKinds.map(([name, , looks]) => path("stroke " + name, looks));
  const edge = path("edge", "dashed line: what the receiver's window permits"), dots = path("stroke dots"), feet = path("stroke feet"), cursor = path("cursor");
  const sent = counts[newKind] + counts[resentKind] + counts[reorderedKind];
  const told = [`${sent} segments`, `${counts[resentKind]} sent again`, `${counts[reorderedKind]} out of order`, `${counts[sackKind]} SACK blocks`,
    `${counts[zeroKind]} times a closed window`].filter((s, i) => i < 2 || !s.startsWith("0 ")).join(", ");
  const picture = svg("svg", {class: "strokes", viewBox: `0 0 1000 ${height}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `time-sequence graph of what the ${g.f} sent: ${told}`, onpointermove: e => { if (!pinned) near(e); },
    onclick: e => { pinned = true; near(e); }}, edge, ...lines, dots, feet, cursor);
  const labels = [el("span"), el("span"), el("span")], ends = el("p", {class: "meta ends"}, el("span"), el("span"));
  const readout = el("p", {class: "packets readout"}), slider = el("input", {type: "range", min: 0, max: Math.max(0, items.length - 1), step: 1,
    "aria-label": "a stroke of the graph, in order of packets", oninput: () => { pinned = true; pick(+slider.value); }});
  const beyond = el("span");

  // draw draws what lies between from and to.
  function draw() {
    const seen = lists.map(list => list.filter(k => share(k) >= from && share(k) <= to)), all = seen.flat();
    const before = lists[ackKind].findLast(k => share(k) < from);
    const line = before ? [before, ...seen[ackKind]] : seen[ackKind];
    const bottoms = all.map(k => k.s), tops = all.map(top);
    low = bottoms.reduce((a, b) => Math.min(a, b), bottoms.length || !before ? Infinity : before.s);
    high = tops.reduce((a, b) => Math.max(a, b), before && !tops.length ? before.s : -Infinity);
    if (!(high > low)) { low = (low === Infinity ? 0 : low) - 1; high = low + 2; }
    // A window much larger than what is on its way would leave no room for that.
    const permitted = line.reduce((a, k) => Math.max(a, k.e), 0), room = high + (high - low) / 3;
    beyond.textContent = permitted > room ? ` · the receiver's window goes on up to ${permitted}, above the picture` : "";
    high = Math.max(high, Math.min(permitted, room));
    const stroke = k => { const a = y(k.s), b = y(k.e); return `M${fixed(x(k))} ${fixed(a)}V${fixed(Math.min(b, a - 1.5))}`; };
    const dot = n => k => `M${fixed(x(k))} ${fixed(y(n(k)))}h.01`;
    const put = (node, list, shape) => node.setAttribute("d", list.map(shape).join(""));
    for (const kind of [newKind, resentKind, reorderedKind, sackKind]) put(lines[kind], seen[kind], stroke);
    for (const kind of [probeKind, repeatedKind, zeroKind]) put(lines[kind], seen[kind], dot(k => k.e));
    put(dots, seen[resentKind], dot(k => k.e));
    put(feet, seen[reorderedKind], dot(k => k.s));
    const steps = value => line.map((k, i) => i ? `H${fixed(x(k))}V${fixed(y(value(k)))}` : `M${fixed(x(k))} ${fixed(y(value(k)))}`).join("") + (line.length ? "H1000" : "");
    lines[ackKind].setAttribute("d", steps(k => k.s));
    edge.setAttribute("d", line.some(k => k.e < k.s) ? "" : steps(k => k.e));
    labels.forEach((label, i) => { label.textContent = [String(Math.round(high)), "", String(Math.round(low))][i]; });
    [from, to].forEach((s, i) => { ends.children[i].textContent = span(Math.round(Math.max(0, first + length * s - lane.s))); });
    mark();
  }
  function mark() {
    const k = items[at], inside = k && x(k) >= 0 && x(k) <= 1000;
    cursor.setAttribute("d", inside ? `M${fixed(x(k))} 0V${fixed(y(top(k)) - 5)}M${fixed(x(k))} ${fixed(y(k.s) + 5)}V${height}` : "");
  }
  function pick(i) {
    const k = items[at = i];
    slider.value = i;
    slider.setAttribute("aria-valuetext", tellStroke(k, lane));
    const filter = strokeFilter(k, lane);
    readout.replaceChildren(tellStroke(k, lane) + ": ", el("code", {class: "filter", tabindex: 0}, filter), copyButton("copy", filter));
    mark();
  }
  // near picks the stroke that is nearest to a pointer; what is not as usual rather than what is, where both are near.
  function near(e) {
    const box = picture.getBoundingClientRect(), px = e.clientX - box.left, py = (e.clientY - box.top) / box.height * height;
    let best = -1, least = Infinity;
    items.forEach((k, i) => {
      const dx = x(k) / 1000 * box.width - px, a = y(k.s), b = y(top(k)), dy = py > a ? py - a : py < b ? b - py : 0;
      const d = dx * dx + dy * dy - (k.kind === newKind || k.kind === ackKind ? 0 : 25);
      if (d < least) [best, least] = [i, d];
    });
    if (best >= 0) pick(best);
  }
  function zoom(factor) {
    const s = share(items[at]), middle = s >= from && s <= to ? s : (from + to) / 2, width = Math.min(1, Math.max(1e-6, (to - from) * factor));
    move(middle - width * (middle - from) / (to - from), width);
  }
  function move(start, width) { from = Math.min(Math.max(0, start), 1 - width); to = from + width; draw(); }
  // again goes to the next stroke of what was sent again.
  function again() {
    const next = items.findIndex((k, i) => i > at && k.kind === resentKind), i = next < 0 ? items.findIndex(k => k.kind === resentKind) : next;
    pinned = true;
    pick(i);
    const s = share(items[i]);
    if (s < from || s > to) move(s - (to - from) / 2, to - from);
  }
  const button = (text, label, action) => el("button", {type: "button", "aria-label": label, title: label, onclick: action}, text);
  const tools = el("p", {class: "tools"}, button("+", "magnify the time around the stroke that is picked", () => zoom(.5)), button("−", "the reverse", () => zoom(2)),
    button("←", "earlier in the graph", () => move(from - (to - from) * .3, to - from)), button("→", "later in the graph", () => move(from + (to - from) * .3, to - from)),
    button("all", "all the time of the graph", () => move(0, 1)), counts[resentKind] ? el("button", {type: "button", onclick: again}, "next sent again") : null,
    el("label", {class: "pick"}, "stroke ", slider));
  const swatch = kind => svg("svg", {class: "strokes swatch", viewBox: "0 0 18 14", "aria-hidden": "true"}, {
    acked: () => svg("path", {class: "stroke acked", d: "M0 11H9V4H18"}), edge: () => svg("path", {class: "edge", d: "M0 11H9V4H18"})}[kind]?.() ||
    svg("path", {class: "stroke " + kind, d: ["probe", "repeated", "zero"].includes(kind) ? "M9 7h.01" : "M9 13V2"}),
    kind === "resent" ? svg("path", {class: "stroke dots", d: "M9 3h.01"}) : null, kind === "reordered" ? svg("path", {class: "stroke feet", d: "M9 11h.01"}) : null);
  const legend = el("ul", {class: "legend"}, strokeKinds.map(([name, , looks], kind) => counts[kind] ? el("li", {}, swatch(name), `${looks} (${counts[kind]})`) : null),
    lists[ackKind].some(k => k.e < k.s) ? el("li", {}, "the receiver's window cannot be read") : el("li", {}, swatch("edge"), "dashed line: the receiver's window ends here"));
  const late = items[0].p > lane.f && lists[newKind][0]?.s > 1 ? ` · it begins with packet ${items[0].p}: what came before was not kept` : "";
  draw();
  pick(at);
  return [el("div", {class: "scale"}, picture, labels), ends, tools, readout, legend,
    el("p", {class: "meta"}, `${told} · times are after the connection's begin, as captured; sequence numbers are relative, the SYN is 0`,
      joined ? ` · ${items.length} strokes for ${counts.reduce((a, b) => a + b)} segments: those too near each other to be told apart are one` : "", late, beyond)];
}

// ---- a pool

// idealLanes are the connections of a client that used idle ones: a lane has the requests of all those
// that it would have spared.
function idealLanes(pool) {
  const byID = new Map(pool.lanes.map(lane => [lane.i, lane]));
  return (pool.ideal || []).map(ids => {
    const lanes = ids.map(id => byID.get(id));
    return {...lanes[0], e: Math.max(...lanes.map(l => l.e)), x: lanes.flatMap(l => l.x).sort((a, b) => a[0] - b[0]), d: "", o: null};
  });
}

function showPool(container, pool) {
  const axis = new Axis(pool), panel = el("div", {"aria-live": "polite"});
  const open = lane => panel.replaceChildren(detail(lane, id => {
    if (!view.rows.has(id)) return;
    view.select(view.rows.get(id), true);
    view.scroller.focus();
  }, () => { panel.replaceChildren(); view.scroller.focus(); }));
  const view = new View(pool, pool.lanes, axis, "Connections of this pool in time", open);
  const ideal = idealLanes(pool);
  const second = ideal.length ? new View({id: pool.id + "-ideal"}, ideal, axis, "Connections an ideal client would have opened", null) : null;
  const beside = second ? el("div", {hidden: true}, el("h4", {}, `an ideal client: ${ideal.length === 1 ? "1 connection" : ideal.length + " connections"}`), second.node) : null;
  const render = () => { view.render(); if (second && !beside.hidden) second.render(); };
  view.onZoom = render;
  if (second) second.onZoom = render;
  const button = (text, label, action) => el("button", {type: "button", "aria-label": label, title: label, onclick: () => { action(); render(); }}, text);
  const find = el("input", {type: "search", "aria-label": "find a packet, a connection or a request", placeholder: "packet, #connection, text",
    onkeydown: e => { if (e.key === "Enter") { e.preventDefault(); search(find.value.trim().toLowerCase()); } }});
  function search(text) {
    if (!text) return;
    const id = /^#\d+$/.test(text) ? +text.slice(1) : 0, packet = /^\d+$/.test(text) ? +text : 0, n = pool.lanes.length;
    const hit = lane => id ? lane.i === id : packet ? lane.f <= packet && packet <= lane.t :
      `${lane.c} ${lane.v} ${lane.d} ${lane.o ? lane.o.c : ""} ${lane.x.map(x => x[7]).join(" ")}`.toLowerCase().includes(text);
    for (let k = 1; k <= n; k++) {
      const row = (view.selected + k) % n;
      if (hit(pool.lanes[row])) { view.select(row, true); return; }
    }
    find.setCustomValidity("not found");
    find.reportValidity();
    setTimeout(() => find.setCustomValidity(""), 1500);
  }
  const tools = el("p", {class: "tools"}, button("+", "magnify (key +)", () => axis.zoom(.5, .5)), button("−", "the reverse (key -)", () => axis.zoom(2, .5)),
    button("←", "earlier", () => axis.move(-.3)), button("→", "later", () => axis.move(.3)), button("all", "all the time (key 0)", () => axis.reset()), find,
    second ? el("label", {}, el("input", {type: "checkbox", onchange: e => { beside.hidden = !e.target.checked; render(); }}), " ideal client") : null);
  const key = container.querySelector(".key") || document.querySelector(".key").cloneNode(true);
  const more = pool.total - pool.lanes.length;
  const hint = el("p", {class: "meta"}, "click or Enter: all of a connection; ↑ ↓ go from one to another; drag, + − 0 ← →: time");
  container.replaceChildren(tools, view.node, beside || "", key, hint,
    more > 0 ? el("p", {class: "meta"}, `${pool.lanes.length} of ${pool.total} connections`) : "", panel);
  render();
  new ResizeObserver(() => view.later()).observe(view.node);
}

// A pool is drawn when it is open and comes near the screen: a page may have many.
function pools() {
  const byID = new Map(data.pools.map(p => [String(p.id), p]));
  const near = new IntersectionObserver(entries => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      showPool(target, byID.get(target.dataset.pool));
    }
  }, {rootMargin: "600px"});
  for (const node of document.querySelectorAll(".picture")) {
    if (byID.has(node.dataset.pool)) near.observe(node);
  }
}

theme();
document.querySelectorAll("code.filter").forEach(withCopy);
overview();
pools();
openTarget();
addEventListener("hashchange", openTarget);
addEventListener("beforeprint", () => document.querySelectorAll("details.pool").forEach(d => { d.open = true; }));
document.documentElement.dataset.ready = "yes";
})();
