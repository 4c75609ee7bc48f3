// <fall-household> shows a running household: people and their alarms, sensors and sources, the last days, the signal of a possible fall.
// Everything is asked of the app, which asks `featherfall watch`. What people say of a possible fall is kept there.
"use strict";
(() => {
  const { make, draw, shadow } = window.featherfall;
  const STYLE = `
    h2 { font-size: 1.05rem; margin: 22px 0 8px; } p { margin: 6px 0; }
    .people { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 350px), 1fr)); gap: 12px; }
    .card { border: 1px solid var(--border-color-primary, #d5dbe2); border-radius: 12px; padding: 12px 14px; background: var(--block-background-fill, #fff); }
    .person { border-left: 6px solid #0f8a80; } .person.warn { border-left-color: #d08700; } .person.bad { border-left-color: #c62828; background: color-mix(in srgb, #c62828 9%, var(--block-background-fill, #fff)); }
    .person h3 { margin: 0; font-size: 1.1rem; } .state { font-weight: 650; }
    .row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-top: 10px; }
    button, select, input { min-height: 44px; border-radius: 8px; font: 600 15px system-ui, sans-serif; }
    button { padding: 0 14px; border: 0; background: #475569; color: #fff; cursor: pointer; }
    button.main { background: #0f766e; } button.alarm { background: #b42323; } button.chosen { box-shadow: inset 0 0 0 3px #2dd4bf; }
    button[disabled] { opacity: .5; cursor: default; }
    select, input { font-weight: 400; padding: 0 8px; max-width: 100%; color: inherit; background: var(--input-background-fill, #fff); border: 1px solid var(--border-color-primary, #98a2ae); }
    label { display: inline-flex; gap: 8px; align-items: center; }
    .quiet { color: var(--body-text-color-subdued, #55606c); }
    .problem { border-left: 3px solid #c77d0a; padding: 2px 10px; margin: 6px 0; overflow-wrap: anywhere; }
    .said { font-weight: 600; overflow-wrap: anywhere; } .said:empty { display: none; } .who { margin-top: 12px; } .said.bad { color: #a61b1b; } :host-context(.dark) .said:empty { display: none; } .who { margin-top: 12px; } .said.bad { color: #ffb4b4; }
    .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { text-align: left; padding: 7px 10px 7px 0; border-bottom: 1px solid var(--border-color-primary, #d5dbe2); vertical-align: top; }
    .dot { display: inline-block; width: 10px; height: 10px; border-radius: 50%; background: #0f8a80; margin-right: 8px; } .dot.warn { background: #d08700; } .dot.bad { background: #c62828; }
    .line { display: block; width: 100%; margin-top: 10px; background: #16181d; border-radius: 10px; }
    .line text { fill: #c3c8d2; font: 12px system-ui, sans-serif; } .line g { cursor: pointer; }
    .event { margin: 10px 0; } .event .head { display: flex; flex-wrap: wrap; gap: 2px 12px; justify-content: space-between; }
    .event .when { font-variant-numeric: tabular-nums; } .event ul { margin: 6px 0 0; padding-left: 18px; }
    .note { padding: 7px 0; border-bottom: 1px solid var(--border-color-primary, #d5dbe2); overflow-wrap: anywhere; }
    .empty { padding: 26px 12px; text-align: center; border: 1px dashed var(--border-color-primary, #98a2ae); border-radius: 12px; }
    @media (max-width: 560px) {
      .sensors tr:first-child { display: none; } .sensors tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0 10px; padding: 8px 0; border-bottom: 1px solid var(--border-color-primary, #d5dbe2); }
      .sensors td { border: 0; padding: 2px 0; } .sensors td:empty { display: none; } .sensors td:first-child { grid-column: 1 / -1; font-weight: 600; }
      .sensors td[data-name]:not(:first-child)::before { content: attr(data-name) " "; color: var(--body-text-color-subdued, #55606c); }
      .row button { flex: 1 1 auto; }
    }
  `;
  const STATES = {
    idle: ["is watched; no alarm", ""], muted: ["muted", "warn"], possible: ["possible fall", "warn"], countdown: ["possible fall", "warn"],
    alarm: ["has fallen", "bad"], help: ["calls for help", "bad"], acknowledged: ["alarm acknowledged", "warn"],
    cancelled: ["alarm cancelled", ""], cleared: ["has got up", ""],
  };
  const ORDERS = {
    idle: [["test", "Test"], ["mute", "Mute for an hour"]], muted: [["unmute", "Unmute", "main"], ["test", "Test"]],
    possible: [["cancel", "Cancel: no fall", "main"], ["acknowledge", "I take care of it"]],
    countdown: [["cancel", "Cancel: no fall", "main"], ["acknowledge", "I take care of it"]],
    alarm: [["acknowledge", "Acknowledge", "alarm"], ["cancel", "Cancel: no fall"]], help: [["acknowledge", "Acknowledge", "alarm"], ["cancel", "Cancel"]],
    acknowledged: [["cancel", "Cancel: no fall"]], cancelled: [["mute", "Mute for an hour"]], cleared: [["mute", "Mute for an hour"]],
  };
  const TONES = { none: "#8a94a0", possible: "#e0a526", countdown: "#e0a526", alarm: "#ef5350", help: "#ef5350" };
  const STEPS = ["none", "possible", "countdown", "alarm", "help"];
  const OF_KIND = { "possible fall": "possible", countdown: "countdown", alarm: "alarm", reminder: "alarm", help: "help" };
  const day = (at) => new Date(at * 1000).toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short" });
  const hour = (at) => new Date(at * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const told = (text) => { const said = text.slice(text.indexOf(": ") + 2); return said[0].toUpperCase() + said.slice(1); };

  const ask = async (path, body) => {
    const got = await fetch(`/household/${path}`, body === undefined ? {} : { method: "POST", body });
    if (!got.ok) throw new Error((await got.text()).trim() || `the household answers ${got.status}`);
    return got.json();
  };
  // Messages of one possible fall belong together: the first time, how far it went, how it ended.
  const episodes = (messages, snippets, reviews) => {
    const found = new Map();
    for (const one of messages.filter((one) => one.episode && !one.is_muted)) {
      const key = `${one.subject}/${one.episode}`, step = OF_KIND[one.kind] ?? "none";
      if (!found.has(key)) found.set(key, { key, subject: one.subject, person: one.person, episode: one.episode, time: one.time, step: "none", confidence: 0, messages: [] });
      const its = found.get(key);
      its.messages.push(one);
      its.confidence = Math.max(its.confidence, one.confidence ?? 0);
      if (STEPS.indexOf(step) > STEPS.indexOf(its.step)) its.step = step;
    }
    for (const its of found.values()) {
      its.signal = snippets.some(([subject, episode]) => subject === its.subject && episode === its.episode);
      its.review = reviews.find((one) => one.subject === its.subject && one.episode === its.episode);
    }
    return [...found.values()].filter((its) => its.step !== "none");
  };

  class FallHousehold extends HTMLElement {
    connectedCallback() {
      this.root = shadow(this);
      this.open = new Set(); this.curves = new Map(); this.seen = {};
      const part = (title, name) => {
        const one = make("section", { class: name, "aria-label": title });
        this.root.append(make("h2", {}, title), one);
        return one;
      };
      this.root.append(make("style", {}, STYLE));
      this.said = make("p", { class: "said", role: "status" });
      const who = make("label", { class: "who" }, "Your name, for messages");
      this.who = make("input", { maxlength: "60", autocomplete: "name", "aria-label": "your name" });
      this.who.value = localStorage.getItem("featherfall-name") ?? "";
      this.who.onchange = () => localStorage.setItem("featherfall-name", this.who.value.trim());
      who.append(this.who);
      this.people = make("section", { class: "people", "aria-label": "people" });
      this.problems = make("div");
      this.root.append(this.said, this.people, who, this.problems);
      this.past = part("The last days", "past");
      this.filters();
      this.sensors = part("Sensors and sources", "scroll");
      this.zones = make("section", { "aria-label": "zones" });
      this.root.append(this.zones);
      this.timer = setInterval(() => this.refresh(), 2000);
      this.refresh();
    }
    disconnectedCallback() { clearInterval(this.timer); }
    say(text, bad = false) { this.said.textContent = text; this.said.classList.toggle("bad", bad); }
    filters() {
      const select = (label, options, value) => {
        const one = make("select", { "aria-label": label });
        for (const [key, words] of options) one.append(make("option", { value: key }, words));
        one.value = value;
        one.onchange = () => { this.seen.past = null; this.refresh(true); };
        return one;
      };
      this.days = select("days", [["1", "1 day"], ["3", "3 days"], ["7", "7 days"], ["30", "30 days"]], "3");
      this.kinds = select("what", [["all", "everything"], ["falls", "falls and alarms"], ["open", "not reviewed yet"], ["devices", "devices"]], "all");
      this.whose = select("person", [["", "all people"]], "");
      this.save = make("button", {}, "Save the reviewed ones to train with");
      this.save.onclick = () => this.saved();
      const row = make("div", { class: "row" });
      row.append(this.days, this.kinds, this.whose, this.save);
      this.strip = make("div"); this.list = make("div");
      this.past.append(row, this.strip, this.list);
    }
    async refresh(now = false) {
      if (!this.offsetParent && !now) return;  // another page is open
      try {
        this.state = await ask("ask/household");
        this.ahead = this.state.now - Date.now() / 1000;
        if (this.lost) this.say("");
        this.lost = false;
        this.showPeople(); this.showSensors();
        const states = JSON.stringify(this.state.people.map((one) => [one.state, one.episode]));
        if (now || states !== this.seen.states || !(this.asked > Date.now() - 10000)) {
          this.seen.states = states; this.asked = Date.now();
          this.history = await ask(`ask/history/${this.days.value}`);
          this.showPast();
        }
      } catch (error) { this.lost = true; this.say(error.message, true); }
    }
    // Draws a part only where it has changed, so that nothing moves under a finger.
    changed(name, values) {
      const text = JSON.stringify(values);
      if (this.seen[name] === text) return false;
      this.seen[name] = text;
      return true;
    }
    async order(name, values, words) {
      try {
        await ask(`order/${name}`, JSON.stringify({ ...values, by: this.who.value.trim() || "somebody" }));
        this.say(words);
        await this.refresh(true);
      } catch (error) { this.say(error.message, true); }
    }
    showPeople() {
      const { people } = this.state;
      for (const one of people) {
        const left = this.people.querySelector(`[data-person="${one.name}"] .left`);
        if (left) left.textContent = this.left(one);
      }
      if (!this.changed("people", people)) return;
      this.people.replaceChildren(...people.map((one) => {
        const [words, tone] = STATES[one.state] ?? [one.state, "warn"];
        const card = make("article", { class: `card person ${tone}`, "data-person": one.name, "data-state": one.state });
        const state = make("p", { class: "state" }, one.state === "alarm" && one.severity === "urgent" ? "has fallen and is still down" : words);
        state.append(make("span", { class: "left" }, this.left(one)));
        const row = make("div", { class: "row" });
        for (const [kind, label, look] of ORDERS[one.state] ?? []) {
          const button = make("button", look ? { class: look } : {}, label);
          button.onclick = () => this.order("command", { kind, subject: one.name, ...(kind === "mute" ? { seconds: 3600 } : {}) }, "");
          row.append(button);
        }
        card.append(make("h3", {}, one.title), state, row);
        return card;
      }));
      const chosen = this.whose.value;
      this.whose.replaceChildren(make("option", { value: "" }, "all people"), ...people.map((one) => make("option", { value: one.name }, one.title)));
      this.whose.value = chosen;
      this.whose.hidden = people.length < 2;
    }
    left(one) {
      if (!one.due || !["countdown", "muted"].includes(one.state)) return "";
      const seconds = Math.max(0, Math.round(one.due - Date.now() / 1000 - this.ahead));
      const words = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
    return one.state === "muted" ? ` for ${Math.ceil(seconds / 60)} min` : `, alarm in ${words}`;
    }
    showSensors() {
      const { health, devices, cameras, people, pictures } = this.state;
      if (this.changed("problems", health.problems)) this.problems.replaceChildren(...health.problems.map((one) => make("p", { class: "problem" }, one)));
      if (!this.changed("sensors", [health.sources, health.devices, health.sinks, cameras])) return;
      const names = Object.fromEntries(people.map((one) => [one.name, one.title]));
      const table = make("table", { class: "sensors" }), head = make("tr");
      for (const name of ["", "of", "state", "rate", "delay", "gaps", "battery", ""]) head.append(make("th", { scope: "col" }, name));
      table.append(head);
      const row = (name, tone, cells, button) => {
        const line = make("tr"), first = make("td");
        first.append(make("span", { class: `dot ${tone}` }), name);
        line.append(first);
        for (const [key, text] of cells) line.append(make("td", key ? { "data-name": key } : {}, text ?? ""));
        const last = make("td");
        if (button) last.append(button);
        line.append(last);
        table.append(line);
      };
      for (const one of devices) {
        const its = health.devices[one.name] ?? {}, told = Object.entries(its.conditions ?? {}).map(([kind, why]) => `${kind}: ${why}`).join("; ");
        row(one.name, told ? "warn" : "", [["", names[one.person]], ["", told || its.unit || its.clock || "ok"], ["rate", its.rate ? `${its.rate} Hz` : ""],
          ["delay", its.delay_s != null ? `${its.delay_s} s` : ""], ["gaps", its.gaps ? String(its.gaps) : ""], ["battery", its.battery != null ? `${Math.round(100 * its.battery)}%` : ""]]);
      }
      for (const one of cameras) {
        const its = health.sources[one.name], button = make("button", {}, one.zones.length ? `Zones (${one.zones.length})` : "Zones");
        button.onclick = () => this.drawZones(one, pictures);
        row(one.name, its.state === "ok" || its.state === "ended" ? (its.reason ? "warn" : "") : "bad",
          [["", names[one.person]], ["", its.reason ?? (its.state === "ok" ? `${its.people} seen` : its.state)], ["", ""], ["", ""], ["", ""], ["", ""]], button);
      }
      const seen = new Set(cameras.map((one) => one.name));
      for (const [name, its] of Object.entries(health.sources).filter(([name]) => !seen.has(name))) {
        const fine = ["ok", "ended", "starting"].includes(its.state);
        row(name, fine ? "" : "bad", [["", "source"], ["", its.reason ?? its.state], ["", `${its.packets ?? 0} packets`], ["", ""], ["", its.refused ? `${its.refused} refused: ${its.refusal}` : ""], ["", ""]]);
      }
      for (const [name, its] of Object.entries(health.sinks)) {
        row(name, its.problem ? "bad" : "", [["", "sink"], ["", its.problem ?? "ok"], ["waiting", its.waiting ? String(its.waiting) : ""], ["", ""], ["", ""], ["", ""]]);
      }
      this.sensors.replaceChildren(table);
    }
    drawZones(camera, pictures) {
      const one = make("fall-zones");
      this.zones.replaceChildren(make("h2", {}, `Zones of ${camera.name}`), one);
      const picture = pictures ? `/household/ask/picture/${encodeURIComponent(camera.name)}?${Date.now()}` : null;
      one.open(picture, camera.zones, async (zones) => {
        const count = zones.length;
        try {
          await ask("order/zones", JSON.stringify({ camera: camera.name, zones }));
          this.zones.replaceChildren();
          this.say(`${count || "No"} zone${count === 1 ? "" : "s"} of ${camera.name} saved.`);
          await this.refresh();
        } catch (error) { this.say(error.message, true); }
      });
      this.zones.scrollIntoView({ block: "nearest" });
    }
    showPast() {
      const { messages, snippets, reviews } = this.history, kinds = this.kinds.value, whose = this.whose.value;
      const mine = messages.filter((one) => !whose || one.subject === whose);
      let falls = episodes(mine, snippets, reviews);
      const notes = ["all", "devices"].includes(kinds) ? mine.filter((one) => !one.episode && one.kind !== "ready") : [];
      if (kinds === "open") falls = falls.filter((one) => !one.review);
      if (kinds === "devices") falls = [];
      this.save.disabled = !reviews.length;
      if (!this.changed("past", [falls, notes, [...this.open], this.days.value])) return;
      this.strip.replaceChildren(this.line(falls, notes));
      const shown = [...falls.map((one) => [one.time, () => this.event(one)]), ...notes.map((one) => [one.time, () => this.note(one)])];
      shown.sort(([a], [b]) => b - a);
      this.list.replaceChildren(...shown.slice(0, 200).map(([, work]) => work()));
      if (!shown.length) this.list.append(make("p", { class: "empty quiet" }, "Nothing of this kind in these days."));
    }
    line(falls, notes) {
      const people = this.state.people.filter((one) => !this.whose.value || one.name === this.whose.value);
      const wide = this.strip.clientWidth || 900, rows = 34, tall = people.length * rows + 26, days = Number(this.days.value);
      const end = this.state.now, start = end - days * 86400, x = (at) => 8 + (wide - 16) * Math.min(1, Math.max(0, (at - start) / (end - start)));
      const svg = draw("svg", { class: "line", viewBox: `0 0 ${wide} ${tall}`, role: "img", "aria-label": `${falls.length} possible falls in ${days} days` });
      const step = Math.max(1, Math.ceil(days * 70 / wide)), midnight = new Date((start + 86400) * 1000).setHours(0, 0, 0, 0) / 1000;
      for (let at = midnight; at < end; at += step * 86400) {
        svg.append(draw("line", { x1: x(at), x2: x(at), y1: 0, y2: tall - 22, stroke: "#3b424d" }));
        if (x(at) < wide - 60) svg.append(draw("text", { x: x(at) + 3, y: tall - 7 }, day(at)));
      }
      people.forEach((person, k) => {
        const y = k * rows + 22;
        svg.append(draw("line", { x1: 8, x2: wide - 8, y1: y, y2: y, stroke: "#555e6b" }), draw("text", { x: 8, y: y - 9 }, person.title));
        for (const one of notes.filter((one) => one.subject === person.name)) svg.append(draw("line", { x1: x(one.time), x2: x(one.time), y1: y - 4, y2: y + 4, stroke: "#8a94a0", "stroke-width": 2 }));
        for (const one of falls.filter((one) => one.subject === person.name)) {
          const mark = draw("g", {}), no = one.review?.label === "no fall";
          mark.append(draw("circle", { cx: x(one.time), cy: y, r: 7, fill: no ? "#16181d" : TONES[one.step], stroke: TONES[one.step], "stroke-width": 2.5 }));
          mark.append(draw("title", {}, `${day(one.time)} ${hour(one.time)}`));
          mark.onclick = () => this.list.querySelector(`[data-key="${one.key}"]`)?.scrollIntoView({ behavior: "smooth", block: "center" });
          svg.append(mark);
        }
      });
      return svg;
    }
    event(one) {
      const card = make("article", { class: "card event", "data-key": one.key }), head = make("div", { class: "head" });
      const last = one.messages.at(-1), sure = one.confidence ? `, ${Math.round(100 * one.confidence)}% sure` : "";
      const what = { possible: "Possible fall", countdown: "Possible fall", alarm: "Fall alarm", help: "Call for help" }[one.step];
      head.append(make("strong", {}, `${one.person}: ${what}${sure}`), make("span", { class: "when quiet" }, `${day(one.time)}, ${hour(one.time)}`));
      card.append(head);
      if (last.kind !== "possible fall") card.append(make("p", {}, told(last.text)));
      const row = make("div", { class: "row" });
      for (const [label, words] of [["no fall", "This was no fall"], ["fall", "It was a fall"]]) {
        const chosen = one.review?.label === label, button = make("button", { "aria-pressed": String(chosen), ...(chosen ? { class: "chosen" } : {}) }, words);
        button.onclick = () => this.order("review", { subject: one.subject, episode: one.episode, label }, "Noted.");
        row.append(button);
      }
      const more = make("button", { "aria-expanded": String(this.open.has(one.key)) }, this.open.has(one.key) ? "Less" : one.signal ? "Signal and course" : "Course");
      more.onclick = () => { this.open.has(one.key) ? this.open.delete(one.key) : this.open.add(one.key); this.showPast(); };
      row.append(more);
      card.append(row);
      if (one.review) card.append(make("p", { class: "quiet" }, `Reviewed by ${one.review.by}.`));
      if (this.open.has(one.key)) this.more(one, card);
      return card;
    }
    more(one, card) {
      const list = make("ul");
      for (const message of one.messages) list.append(make("li", {}, `${hour(message.time)} ${told(message.text)}`));
      card.append(list);
      if (!one.signal) return;
      const place = make("div");
      card.append(place);
      const show = (curves) => place.replaceChildren(...curves.flatMap((curve) => curve.streams.map((stream) => this.curve(curve.device, stream))));
      if (this.curves.has(one.key)) return show(this.curves.get(one.key));
      ask(`ask/snippet/${one.key}`).then((curves) => { this.curves.set(one.key, curves); show(curves); }, (error) => this.say(error.message, true));
    }
    curve(device, { name, unit, rate, t, size }) {
      const wide = Math.max(280, this.list.clientWidth - 32), tall = 150, most = Math.max(...size), last = t.at(-1) || 1;
      const x = (at) => 34 + (wide - 42) * at / last, y = (value) => tall - 22 - (tall - 40) * value / (most || 1);
      const svg = draw("svg", { class: "line signal", viewBox: `0 0 ${wide} ${tall}`, role: "img", "aria-label": `${name} of ${device}, at most ${most} ${unit}` });
      for (let at = 0; at <= last; at += last > 30 ? 10 : last > 10 ? 5 : 1) svg.append(draw("text", { x: x(at) - 3, y: tall - 6 }, String(at)));
      svg.append(draw("text", { x: 6, y: y(most) + 4 }, most.toFixed(1)), draw("text", { x: 6, y: y(0) }, "0"));
      svg.append(draw("text", { x: 40, y: 14 }, `${device}: ${name} (${unit}, ${rate} Hz), s`));
      svg.append(draw("polyline", { points: t.map((at, k) => `${x(at).toFixed(1)},${y(size[k]).toFixed(1)}`).join(" "), fill: "none", stroke: "#40c4ff", "stroke-width": 1.6 }));
      return svg;
    }
    note(one) {
      const line = make("p", { class: "note" });
      line.append(make("span", { class: "quiet" }, `${day(one.time)}, ${hour(one.time)} `), one.text);
      return line;
    }
    async saved() {
      this.save.disabled = true;
      try {
        const answer = await ask("dataset", "");
        if (answer.error) throw new Error(answer.error);
        this.say(`${answer.count} recording${answer.count === 1 ? "" : "s"} saved; choose "${answer.name}" as data on the page Train.`);
      } catch (error) { this.say(error.message, true); }
      this.save.disabled = false;
    }
  }
  customElements.define("fall-household", FallHousehold);
})();
