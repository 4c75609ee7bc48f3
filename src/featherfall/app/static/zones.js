// <fall-zones> draws beds and sofas on a camera's picture: corner by corner, by mouse, finger or keys.
"use strict";
(() => {
  const { make, draw, shadow } = window.featherfall;
  const STYLE = `
    .board { position: relative; border-radius: 10px; overflow: hidden; background: #2a3038; touch-action: none; max-width: 640px; }
    .board img { display: block; width: 100%; }
    .board.blank { aspect-ratio: 4 / 3; }
    .board svg { position: absolute; inset: 0; width: 100%; height: 100%; cursor: crosshair; }
    polygon, polyline { fill: rgba(45,212,191,.28); stroke: #2dd4bf; stroke-width: 2.5; vector-effect: non-scaling-stroke; }
    .row { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
    button { min-height: 44px; padding: 0 14px; border: 0; border-radius: 8px; background: #475569; color: #fff; font: 600 15px system-ui, sans-serif; cursor: pointer; }
    button.main { background: #0f766e; } button[disabled] { opacity: .5; cursor: default; }
    p { margin: 6px 0; color: var(--body-text-color-subdued, #55606c); }
  `;
  const round = (value) => Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;

  class FallZones extends HTMLElement {
    // picture: URL, or null where the household shows none. zones: [[[right, down], ...], ...], shares of the picture.
    open(picture, zones, save) {
      this.zones = zones.map((zone) => zone.map((corner) => [...corner]));
      this.corners = [];
      this.root = shadow(this);
      this.board = make("div", { class: picture ? "board" : "board blank" });
      if (picture) this.board.append(make("img", { src: picture, alt: "the camera's present picture" }));
      this.svg = draw("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", role: "img", "aria-label": "zones" });
      this.board.append(this.svg);
      this.svg.onpointerdown = (event) => {
        const at = this.svg.getBoundingClientRect();
        this.corners.push([round((event.clientX - at.left) / at.width), round((event.clientY - at.top) / at.height)]);
        this.paint();
      };
      const button = (words, work, main = false) => { const one = make("button", main ? { class: "main" } : {}, words); one.onclick = work; return one; };
      this.close = button("Close this zone", () => { this.zones.push(this.corners.splice(0)); this.paint(); });
      this.undo = button("Undo", () => { if (!this.corners.pop()) this.zones.pop(); this.paint(); });
      this.clear = button("Remove all", () => { this.zones = []; this.corners = []; this.paint(); });
      this.save = button("Save zones", () => save(this.zones), true);
      const row = make("div", { class: "row" });
      row.append(this.close, this.undo, this.clear, this.save);
      this.said = make("p", { role: "status" });
      this.root.append(make("style", {}, STYLE), make("p", {}, "Tap the corners of a bed or sofa one after the other. Who lies there raises no alarm; falling out of it does."), this.board, row, this.said);
      if (!picture) this.root.append(make("p", {}, "The household shows no picture: it is off, or pictures: true is missing under status."));
      this.paint();
    }
    paint() {
      this.svg.replaceChildren(...this.zones.map((zone) => draw("polygon", { points: zone.join(" ") })));
      if (this.corners.length) this.svg.append(draw("polyline", { points: this.corners.join(" ") }));
      const { width, height } = this.svg.getBoundingClientRect();
      for (const [x, y] of this.corners) this.svg.append(draw("ellipse", { cx: x, cy: y, rx: 6 / (width || 600), ry: 6 / (height || 400), fill: "#fff", stroke: "#0f766e", "vector-effect": "non-scaling-stroke" }));
      this.close.disabled = this.corners.length < 3;
      this.undo.disabled = this.clear.disabled = !this.corners.length && !this.zones.length;
      this.save.disabled = this.corners.length > 0;
      const count = this.zones.length;
      this.said.textContent = `${count === 1 ? "One zone" : `${count || "No"} zones`}${this.corners.length ? `; ${this.corners.length} corners of the next one` : ""}`;
    }
  }
  customElements.define("fall-zones", FallZones);
})();
