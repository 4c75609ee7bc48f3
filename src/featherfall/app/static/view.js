// Two elements: <fall-view> plays a film with keypoints drawn over it, <fall-timeline> shows probabilities over time and the events.
// Those of one panel find each other by its name: an event that is clicked seeks the film.
"use strict";
(() => {
const views = new Map();
const timelines = new Map();
const PALETTE = ["rgb(64,196,255)", "rgb(166,226,96)", "rgb(214,140,255)", "rgb(255,214,102)", "rgb(120,220,200)", "rgb(255,150,190)"];
const toneOf = (track) => PALETTE[((track % PALETTE.length) + PALETTE.length) % PALETTE.length];
const clock = (seconds) => {
  const tenths = Math.round(Math.max(seconds, 0) * 10), hours = Math.floor(tenths / 36000);
  const minutes = Math.floor(tenths / 600) % 60, rest = tenths % 600;
  const head = hours ? `${hours}:${String(minutes).padStart(2, "0")}` : `${minutes}`;
  return `${head}:${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
};
const make = (name, attributes = {}, text = "") => {
  const one = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.textContent = text;
  return one;
};
const draw = (name, attributes, text = "") => {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  if (text) one.textContent = text;
  return one;
};

// The banners of a moment: the last thing that has happened, for a while.
const announcements = (events, now) => events.filter((one) => one.kind === "possible fall").flatMap(({ facts, track }) => {
  const raised = facts.raised_s ?? 0;
  if (facts.up_s != null && now >= facts.up_s) return now <= facts.up_s + 4 ? [["up", `got up ${clock(facts.up_s)}`, track]] : [];
  if (facts.still_down_s != null && now >= facts.still_down_s) return [["down", `still down ${clock(facts.still_down_s)}`, track]];
  return raised <= now && now <= raised + 8 ? [["fall", `possible fall ${clock(raised)}`, track]] : [];
});

const box = (pen, person, scale) => {
  const [track, fallen, left, top, right, bottom] = person;
  pen.strokeStyle = fallen ? "rgb(214,40,40)" : toneOf(track);
  pen.lineWidth = fallen ? 4 : 2.5;
  pen.strokeRect(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale);
};

const skeleton = (pen, person, edges, scale, tone) => {
  const [track, isPerson, ...joints] = person;
  const at = (k) => [joints[3 * k] * scale, joints[3 * k + 1] * scale, Math.min(1, Math.max(0.08, joints[3 * k + 2] / 50))];
  let top = Infinity, bottom = -Infinity, middle = 0, seen = 0;
  for (let k = 0; k < 17; k++) {
    if (joints[3 * k + 2] > 10) { const [x, y] = at(k); top = Math.min(top, y); bottom = Math.max(bottom, y); middle += x; seen++; }
  }
  const thick = Math.max(2, 0.016 * (bottom - top || 100));
  pen.lineCap = "round";
  pen.strokeStyle = pen.fillStyle = isPerson ? (tone ?? toneOf(track)) : "rgb(150,156,168)";
  pen.lineWidth = thick;
  for (const [a, b] of edges) {
    const [x1, y1, s1] = at(a), [x2, y2, s2] = at(b);
    pen.globalAlpha = Math.min(s1, s2);
    pen.beginPath(); pen.moveTo(x1, y1); pen.lineTo(x2, y2); pen.stroke();
  }
  for (let k = 0; k < 17; k++) {
    const [x, y, s] = at(k);
    pen.globalAlpha = s;
    pen.fillStyle = "rgb(232,234,238)";
    pen.beginPath(); pen.arc(x, y, 0.75 * thick, 0, 7); pen.fill();
  }
  pen.globalAlpha = 1;
  if (!seen) return;
  const x = middle / seen, y = Math.max(14, top - 14);
  pen.fillStyle = "rgba(22,24,29,.8)";
  pen.beginPath(); pen.arc(x, y, 11, 0, 7); pen.fill();
  pen.fillStyle = isPerson ? toneOf(track) : "rgb(150,156,168)";
  pen.font = "600 13px system-ui, sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle";
  pen.fillText(String(track), x, y + 0.5);
};

const STYLE = `
  :host { display: block; font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--body-text-color, #1f2937); }
  * { box-sizing: border-box; }
  .stage { position: relative; background: #0f1115; border-radius: 10px; overflow: hidden; }
  video { display: block; width: 100%; max-height: 62vh; background: #0f1115; }
  canvas { position: absolute; pointer-events: none; }
  .hidden video { opacity: 0; }
  .banners { position: absolute; left: 10px; top: 10px; display: grid; gap: 6px; justify-items: start; pointer-events: none; }
  .banner { display: flex; gap: 8px; align-items: center; padding: 5px 12px; border-radius: 8px; color: #fff; font-weight: 600;
    text-shadow: 0 1px 2px rgba(0,0,0,.45); }
  .banner i, li i { width: 10px; height: 10px; border-radius: 50%; flex: none; }
  .fall { background: #9a5a00; } .down { background: #b42323; } .up { background: #1f7a45; }
  .bar { display: flex; align-items: center; gap: 10px; padding: 8px 10px; background: #16181d; color: #e8eaee; }
  .bar button { min-width: 44px; white-space: nowrap; padding: 0 8px; min-height: 44px; border: 0; border-radius: 8px; background: #2b303a; color: #fff; font: inherit; cursor: pointer; }
  .bar button:hover { background: #3a414e; }
  .bar output { font-variant-numeric: tabular-nums; }
  .plot { background: #16181d; border: 1px solid #2b303a; border-radius: 10px; padding: 8px 4px 4px; cursor: crosshair; touch-action: pan-y; }
  svg { display: block; width: 100%; }
  text { fill: #c3c8d2; font-size: 11px; font-family: inherit; }
  .readout { min-height: 1.5em; padding: 4px 2px 0; color: var(--body-text-color-subdued, #5c6670); font-variant-numeric: tabular-nums; }
  ol { list-style: none; margin: 8px 0 0; padding: 0; display: grid; gap: 6px; max-height: 17em; overflow-y: auto; }
  li button { display: flex; width: 100%; gap: 10px; align-items: center; text-align: left; font: inherit; cursor: pointer; min-height: 44px;
    padding: 8px 12px; border-radius: 8px; border: 1px solid var(--border-color-primary, #d6dae0); color: inherit;
    background: var(--block-background-fill, #fff); }
  li button:hover { border-color: var(--color-accent, #0f766e); }
  button:focus-visible, .plot:focus-visible { outline: 3px solid #3b9eff; outline-offset: 2px; }
  .none { padding: 10px 2px; color: var(--body-text-color-subdued, #5c6670); }
`;

const shadow = (element) => {
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  root.replaceChildren(make("style", {}, STYLE));
  return root;
};

class FallView extends HTMLElement {
  static observedAttributes = ["film", "poses"];
  attributeChangedCallback(name, was, now) {  // pages may reuse an element for another film
    if (was !== null && was !== now && this.isConnected) { this.disconnectedCallback(); this.connectedCallback(); }
  }
  connectedCallback() {
    const root = shadow(this);
    this.poses = null;
    this.panel = this.getAttribute("panel");
    this.stage = make("div", { class: "stage" });
    this.video = make("video", { src: this.getAttribute("film"), playsinline: "", muted: "", preload: "auto", "aria-label": "the film" });
    this.video.muted = true;
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.banners = make("div", { class: "banners", role: "status" });
    this.play = make("button", { "aria-label": "play" }, "▶");
    this.time = make("output", {}, "0:00.0");
    const back = make("button", { "aria-label": "one second back" }, "−1 s"), on = make("button", { "aria-label": "one second on" }, "+1 s");
    const bar = make("div", { class: "bar" });
    bar.append(this.play, back, on, this.time);
    this.frame = make("div", { style: "position:relative" });
    this.frame.append(this.video, this.canvas, this.banners);
    this.stage.append(this.frame, bar);
    root.append(this.stage);
    this.stage.classList.toggle("hidden", this.hasAttribute("private"));
    views.set(this.panel, this);
    this.play.onclick = () => (this.video.paused ? this.video.play() : this.video.pause());
    back.onclick = () => this.seek(this.video.currentTime - 1);
    on.onclick = () => this.seek(this.video.currentTime + 1);
    const tick = () => { this.paint(); if (!this.video.paused && this.isConnected) requestAnimationFrame(tick); };
    this.video.onplay = () => { this.play.textContent = "❚❚"; this.play.setAttribute("aria-label", "pause"); tick(); };
    this.video.onpause = () => { this.play.textContent = "▶"; this.play.setAttribute("aria-label", "play"); };
    this.video.onseeked = this.video.onloadeddata = () => this.paint();
    this.size = new ResizeObserver(() => this.paint());
    this.size.observe(this.video);
    if (this.getAttribute("poses")) fetch(this.getAttribute("poses")).then((got) => got.json()).then((poses) => { this.poses = poses; this.paint(); });
  }
  disconnectedCallback() { this.size?.disconnect(); if (views.get(this.panel) === this) views.delete(this.panel); }
  seek(time) { this.video.currentTime = Math.min(Math.max(time, 0), this.video.duration || 0); this.paint(); }
  paint() {
    const now = this.video.currentTime, line = timelines.get(this.panel);
    this.time.textContent = `${clock(now)} / ${clock(this.video.duration || 0)}`;
    line?.playhead(now);
    this.banners.replaceChildren(...announcements(line?.events ?? [], now).map(([kind, text, track]) => {
      const one = make("div", { class: `banner ${kind}` });
      one.append(make("i", { style: `background:${toneOf(track)}` }), text);
      return one;
    }));
    if (!this.poses || !this.video.videoWidth) return;
    const { clientWidth: width, clientHeight: height } = this.video;
    const scale = Math.min(width / this.poses.width, height / this.poses.height), sharp = window.devicePixelRatio || 1;
    Object.assign(this.canvas.style, { width: `${this.poses.width * scale}px`, height: `${this.poses.height * scale}px`,
      left: `${(width - this.poses.width * scale) / 2}px`, top: `${(height - this.poses.height * scale) / 2}px` });
    this.canvas.width = this.poses.width * scale * sharp; this.canvas.height = this.poses.height * scale * sharp;
    const pen = this.canvas.getContext("2d");
    pen.scale(sharp, sharp);
    const { times } = this.poses;
    let low = 0, high = times.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (times[middle] <= now + 0.02) low = middle; else high = middle - 1; }
    if (times.length && Math.abs(times[low] - now) < 0.5) {
      for (const person of this.poses.people[low]) this.poses.boxes ? box(pen, person, scale) : skeleton(pen, person, this.poses.edges, scale);
    }
  }
}

class FallTimeline extends HTMLElement {
  static observedAttributes = ["data"];
  attributeChangedCallback(name, was, now) {
    if (was !== null && was !== now && this.isConnected) this.show(JSON.parse(now));
  }
  connectedCallback() {
    this.panel = this.getAttribute("panel");
    timelines.set(this.panel, this);
    this.root = shadow(this);
    this.plot = make("div", { class: "plot", role: "group", "aria-label": "probability of a fall over time" });
    this.readout = make("div", { class: "readout" }, " ");
    this.list = make("ol", { "aria-label": "what was found" });
    this.root.append(this.plot, this.readout, this.list);
    this.plot.onpointermove = (event) => this.hover(event);
    this.plot.onpointerleave = () => { this.readout.textContent = this.hint(); };
    this.plot.onclick = (event) => this.go(this.timeAt(event));
    this.size = new ResizeObserver(() => this.render());
    this.size.observe(this);
    if (this.getAttribute("data")) this.show(JSON.parse(this.getAttribute("data")));
  }
  disconnectedCallback() { this.size?.disconnect(); if (timelines.get(this.panel) === this) timelines.delete(this.panel); }
  show(data) {
    this.data = data;
    this.events = data.events;
    this.now = data.now ?? this.now ?? 0;
    this.render();
    this.readout.textContent = this.hint();
    this.list.replaceChildren(...this.events.map((one) => {
      const item = make("li"), button = make("button", { "data-time": one.time_s });
      const tone = one.kind === "activity" ? "#7f97b0" : one.facts.still_down_s != null && one.facts.up_s == null ? "#d62828" : "#f59e1e";
      button.append(make("i", { style: `background:${tone}` }), one.kind !== "activity" && data.alarms ? `${one.text}; ${data.alarms}` : one.text);
      button.onclick = () => this.go(one.time_s);
      item.append(button);
      return item;
    }));
    if (!this.events.length && data.threshold != null) this.list.append(make("li", { class: "none" }, "Nothing reached the threshold."));
    views.get(this.panel)?.paint();
  }
  hint() { return this.data?.curves.length ? (matchMedia("(hover: none)").matches ? "Touch the curve to go there." : "Move over the curve to read it; click to go there.") : " "; }
  go(time) {
    const view = views.get(this.panel);
    if (view) { view.video.pause(); view.seek(time); } else this.playhead(time);
  }
  timeAt(event) {
    const box = this.plot.querySelector("svg").getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left - this.left) / (this.right - this.left), 0), 1) * this.span + this.begin;
  }
  hover(event) {
    if (!this.data) return;
    const time = this.timeAt(event), parts = [clock(time)];
    for (const curve of this.data.curves) {
      let best = -1;
      curve.t.forEach((at, k) => { if (Math.abs(at - time) < (best < 0 ? Math.max(1, this.span / 100) : Math.abs(curve.t[best] - time))) best = k; });
      if (best >= 0) parts.push(`${curve.name} ${Math.round(100 * curve.p[best])}%`);
    }
    if (this.data.signal) {
      const k = this.data.signal.t.findIndex((at) => at >= time);
      if (k >= 0) parts.push(`felt ${this.data.signal.v[k].toFixed(2)} ${this.data.signal.unit}`);
    }
    this.readout.textContent = parts.join(" · ");
  }
  playhead(time) {
    this.now = time;
    const line = this.plot.querySelector(".head");
    if (line) { const x = this.x(time); line.setAttribute("x1", x); line.setAttribute("x2", x); }
  }
  x(time) { return this.left + (this.right - this.left) * Math.min(Math.max((time - this.begin) / this.span, 0), 1); }
  render() {
    const width = this.clientWidth - 8;
    if (!this.data || width < 60) return;
    const { data } = this, chart = 120, lower = data.signal ? 74 : 0, height = chart + lower + 34;
    this.left = 40; this.right = width - 14; this.span = Math.max(data.seconds, 0.1); this.begin = data.start ?? 0;
    const y = (p) => 14 + (chart - 14) * (1 - p), svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, height });
    for (const p of [0, 0.5, 1]) {
      svg.append(draw("line", { x1: this.left, x2: this.right, y1: y(p), y2: y(p), stroke: "#3a404c" }));
      svg.append(draw("text", { x: this.left - 7, y: y(p) + 4, "text-anchor": "end" }, `${100 * p}%`));
    }
    for (const one of data.events.filter((event) => event.kind === "activity" && event.facts.end_s)) {
      svg.append(draw("rect", { x: this.x(one.facts.start_s), width: Math.max(1, this.x(one.facts.end_s) - this.x(one.facts.start_s) - 1),
        y: y(one.confidence), height: y(0) - y(one.confidence), fill: "#4f6d8a" }));
    }
    if (data.threshold != null) {
      svg.append(draw("line", { x1: this.left, x2: this.right, y1: y(data.threshold), y2: y(data.threshold), stroke: "#f5b14a", "stroke-dasharray": "6 4" }));
    }
    const path = (times, values, to) => times.map((t, k) => `${k && t - times[k - 1] < Math.max(2, this.span / 60) ? "L" : "M"}${this.x(t).toFixed(1)} ${to(values[k]).toFixed(1)}`).join("");
    for (const curve of data.curves) {
      svg.append(draw("path", { d: path(curve.t, curve.p, y), fill: "none", stroke: toneOf(curve.track), "stroke-width": 2, "stroke-linejoin": "round" }));
      if (curve.t.length < 80) curve.t.forEach((t, k) => svg.append(draw("circle", { cx: this.x(t), cy: y(curve.p[k]), r: 2.2, fill: toneOf(curve.track) })));
    }
    if (data.signal) {
      const top = Math.max(2, ...data.signal.v), foot = chart + 16 + lower - 14, to = (v) => foot - (lower - 26) * v / top;
      svg.append(draw("text", { x: this.left - 7, y: to(top) + 8, "text-anchor": "end" }, `${top.toFixed(1)} ${data.signal.unit}`));
      svg.append(draw("path", { d: path(data.signal.t, data.signal.v, to), fill: "none", stroke: "#8b95a7", "stroke-width": 1.2 }));
    }
    const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400];
    const step = steps.find((one) => this.span / one <= Math.max(3, width / 80)) ?? 86400;
    for (let t = Math.ceil(this.begin / step) * step; t <= this.begin + this.span; t += step) {
      svg.append(draw("line", { x1: this.x(t), x2: this.x(t), y1: height - 22, y2: height - 17, stroke: "#6a7282" }));
      svg.append(draw("text", { x: this.x(t), y: height - 5, "text-anchor": "middle" }, clock(t).replace(/\.0$/, "")));
    }
    for (const one of data.events.filter((event) => event.kind === "possible fall" && data.seconds)) {
      const x = this.x(one.mark_s);
      svg.append(draw("line", { x1: x, x2: x, y1: 8, y2: y(0), stroke: "#f59e1e", "stroke-width": 1.5 }));
      svg.append(draw("path", { d: `M${x - 6} 1h12l-6 9z`, fill: "#f59e1e" }));
    }
    svg.append(draw("line", { class: "head", x1: 0, x2: 0, y1: 8, y2: height - 20, stroke: "#fff", "stroke-width": 1.5, opacity: 0.85 }));
    this.plot.replaceChildren(svg);
    this.plot.style.display = data.seconds ? "" : "none";
    this.readout.style.display = data.seconds ? "" : "none";
    this.playhead(this.now ?? 0);
  }
}

// The files that were chosen in each field, so that they can be sent again: the server removes them after their use.
const chosen = new Map();
const remember = (event, files) => {
  const field = event.target.closest?.(".block[id]");
  if (field && files?.length) chosen.set(field.id, files[0]);
};
document.addEventListener("change", (event) => { if (event.target.type === "file") remember(event, event.target.files); }, true);
document.addEventListener("drop", (event) => remember(event, event.dataTransfer?.files), true);
const sendAgain = async (field, position, given) => {
  const file = chosen.get(field), shown = given[position];
  if (!file || shown?.orig_name !== file.name) return given;
  const form = new FormData();
  form.append("files", file);
  try {
    const got = await fetch("/gradio_api/upload", { method: "POST", body: form });
    if (!got.ok) throw new Error(await got.text());
    const [path] = await got.json();
    given[position] = { ...shown, path, url: `/gradio_api/file=${path}` };
  } catch (error) {
    alert(error.message);
  }
  return given;
};

customElements.define("fall-view", FallView);
customElements.define("fall-timeline", FallTimeline);
window.featherfall = { sendAgain, views, timelines, skeleton, box, toneOf, clock, make, draw, shadow };
})();
