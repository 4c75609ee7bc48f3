// <fall-camera> watches through the webcam, <fall-motion> feels with the phone's motion sensors. Nothing is kept, and no sound is taken.
"use strict";
(() => {
  const { skeleton, box, make, shadow } = window.featherfall;
  const STYLE = `
    :host { display: block; }
    .row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 10px 0; }
    .go { min-height: 44px; padding: 0 18px; border: 0; border-radius: 8px; background: #0f766e; color: #fff; font: 600 15px system-ui, sans-serif; cursor: pointer; }
    .go.on { background: #8f1d1d; } .go.quiet { background: #475569; }
    .go[disabled] { opacity: .55; cursor: default; }
    select { font: inherit; min-height: 44px; max-width: 100%; border-radius: 8px; padding: 0 8px; color: inherit;
      background: var(--input-background-fill, #fff); border: 1px solid var(--border-color-primary, #98a2ae); }
    p { margin: 8px 0; } .message { font-weight: 600; min-height: 1.4em; overflow-wrap: anywhere; }
    .message.bad { color: #a61b1b; } :host-context(.dark) .message.bad { color: #ffb4b4; }
    .quiet-text { color: var(--body-text-color-subdued, #55606c); }
    label { display: inline-flex; gap: 8px; align-items: center; min-height: 44px; }
    .stage video { max-height: 50vh; }
  `;
  const ask = async (path, body) => {
    const got = await fetch(path, { method: "POST", body });
    const reply = got.headers.get("content-type")?.includes("json") ? await got.json() : { error: await got.text() };
    if (reply.error) throw new Error(reply.error);
    return reply;
  };

  class Source extends HTMLElement {
    connectedCallback() {
      this.root = shadow(this);
      this.root.append(make("style", {}, STYLE));
      const row = make("div", { class: "row" });
      this.button = make("button", { class: "go" }, this.words.start);
      this.model = make("select", { "aria-label": "model" });
      for (const name of (this.getAttribute("models") || "").split("|")) this.model.append(make("option", { value: name }, name));
      row.append(this.button);
      if (this.model.options.length > 1) row.append(this.model);
      this.message = make("p", { class: "message", role: "status" });
      this.line = make("fall-timeline", { panel: this.panel });
      this.root.append(make("p", { class: "quiet-text" }, this.words.what), row, this.message);
      this.extras(row);
      this.root.append(this.line);
      this.line.style.display = "none";
      this.button.onclick = () => (this.key ? this.end() : this.begin());
    }
    disconnectedCallback() { if (this.key) this.end(); }
    say(text, bad = false) { this.message.textContent = text; this.message.classList.toggle("bad", bad); }
    async begin() {
      this.say("Starting ...");
      this.button.disabled = true;
      try {
        await this.open();
        this.key = (await ask(`/live/${this.kind}/start?model=${encodeURIComponent(this.model.value)}`)).key;
        this.origin = null;
        this.button.textContent = "Stop";
        this.button.classList.add("on");
        this.line.style.display = "";
        this.say(this.words.runs);
        this.run();
      } catch (error) { this.close(); this.say(error.message, true); }
      this.button.disabled = false;
    }
    end(why = "") {
      if (this.key) navigator.sendBeacon(`/live/${this.key}/stop`);
      this.key = null;
      this.close();
      this.button.textContent = this.words.start;
      this.button.classList.remove("on");
      this.say(why, Boolean(why));
    }
    show(reply) {
      if (reply.line) { this.line.show(reply.line); this.tell(reply.line); }
      if (reply.left_out) this.say(`Note: ${reply.left_out}.`);
      if (reply.unjudged) this.say(`Falls cannot be found now: ${reply.unjudged}.`, true);
    }
    tell(line) {
      const last = line.events.at(-1);
      if (!last || line.now - (last.facts.up_s ?? last.facts.still_down_s ?? last.facts.raised_s) > 8) return this.say(this.words.runs);
      this.say(last.facts.up_s != null ? "Got up." : last.facts.still_down_s != null ? "Still down." : "Possible fall.");
    }
  }

  class FallCamera extends Source {
    panel = "live-camera"; kind = "camera";
    words = { start: "Start the webcam", runs: "Watching.",
      what: "The webcam's pictures go to the machine that runs this app, are looked at, and forgotten. No sound is taken." };
    extras(row) {
      const label = make("label");
      this.hide = make("input", { type: "checkbox" });
      label.append(this.hide, "Keypoints on black");
      row.append(label);
      this.stage = make("div", { class: "stage" });
      this.video = make("video", { playsinline: "", muted: "", "aria-label": "the webcam" });
      this.video.muted = true;
      this.canvas = make("canvas", { "aria-hidden": "true" });
      this.stage.append(this.video, this.canvas);
      this.stage.style.display = "none";
      this.root.append(this.stage);
      this.hide.onchange = () => this.stage.classList.toggle("hidden", this.hide.checked);
    }
    async open() {
      if (!navigator.mediaDevices?.getUserMedia) {
        throw new Error(window.isSecureContext ? "This browser gives no webcam." : "A browser gives the webcam only to pages under https or on localhost. Open this page so.");
      }
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: { ideal: "environment" } } });
      } catch (error) {
        throw new Error(error.name === "NotAllowedError" ? "The webcam was not allowed. Allow it in the browser and start again." : "No webcam was found.");
      }
      this.video.srcObject = this.stream;
      this.stage.style.display = "";
      await this.video.play();
    }
    close() {
      this.stream?.getTracks().forEach((track) => track.stop());
      this.stream = null;
      this.stage.style.display = "none";
    }
    async run() {
      const small = document.createElement("canvas");
      while (this.key) {
        const now = performance.now() / 1000;
        this.origin ??= now;
        const { videoWidth: width, videoHeight: height } = this.video, scale = Math.min(1, 640 / Math.max(width, height, 1));
        small.width = Math.round(width * scale); small.height = Math.round(height * scale);
        small.getContext("2d").drawImage(this.video, 0, 0, small.width, small.height);
        const picture = await new Promise((done) => small.toBlob(done, "image/jpeg", 0.85));
        try {
          const reply = await ask(`/live/${this.key}/take?t=${(now - this.origin).toFixed(3)}`, picture);
          if (!this.key) return;
          if (reply.wanted) { this.paint(reply); this.show(reply); }
        } catch (error) { return this.end(error.message); }
        await new Promise((done) => setTimeout(done, Math.max(5, 60 - (performance.now() - 1000 * now))));
      }
    }
    paint(reply) {
      const { clientWidth: width, clientHeight: height } = this.video, scale = Math.min(width / reply.width, height / reply.height), sharp = window.devicePixelRatio || 1;
      Object.assign(this.canvas.style, { width: `${reply.width * scale}px`, height: `${reply.height * scale}px`,
        left: `${(width - reply.width * scale) / 2}px`, top: `${(height - reply.height * scale) / 2}px` });
      this.canvas.width = reply.width * scale * sharp; this.canvas.height = reply.height * scale * sharp;
      const pen = this.canvas.getContext("2d");
      pen.scale(sharp, sharp);
      for (const person of reply.people) reply.boxes ? box(pen, person, scale) : skeleton(pen, person, reply.edges, scale);
    }
  }

  class FallMotion extends Source {
    panel = "live-motion"; kind = "motion";
    words = { start: "Start the sensors", runs: "Feeling.",
      what: "Open this page on a phone: its motion sensors are read, at the times that they state, as a watch's would be. No microphone, no location." };
    extras(row) {
      this.save = make("button", { class: "go quiet" }, "Save what was felt (CSV)");
      this.save.hidden = true;
      this.save.onclick = () => {
        const names = "time [s],accelerometer_x [m/s2],accelerometer_y [m/s2],accelerometer_z [m/s2],gyroscope_x [deg/s],gyroscope_y [deg/s],gyroscope_z [deg/s]\n";
        const link = make("a", { href: URL.createObjectURL(new Blob([names + this.all.join("\n") + "\n"], { type: "text/csv" })), download: "phone.csv" });
        link.click();
        URL.revokeObjectURL(link.href);
      };
      row.append(this.save);
    }
    async open() {
      if (typeof DeviceMotionEvent === "undefined") {
        throw new Error(window.isSecureContext ? "This browser gives no motion sensors. Open the page on a phone." : "A browser gives motion sensors only to pages under https or on localhost. Open this page so.");
      }
      if (typeof DeviceMotionEvent.requestPermission === "function") {  // iPhones ask
        if ((await DeviceMotionEvent.requestPermission()) !== "granted") throw new Error("The motion sensors were not allowed. Allow them in the browser and start again.");
      }
      const apple = /iPad|iPhone|iPod/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
      const sign = apple ? -1 : 1;  // Safari counts gravity downwards, the standard upwards
      this.rows = []; this.all = [];
      this.feel = (event) => {
        const a = event.accelerationIncludingGravity, turn = event.rotationRate;
        if (a?.x == null || a.y == null || a.z == null) return;
        this.origin ??= event.timeStamp / 1000;
        const numbers = [event.timeStamp / 1000 - this.origin, sign * a.x, sign * a.y, sign * a.z, turn?.beta, turn?.gamma, turn?.alpha];
        this.rows.push(numbers.map((value) => (value == null ? "" : value.toFixed(4))).join(","));
      };
      window.addEventListener("devicemotion", this.feel);
      for (let waited = 0; waited < 2000 && !this.rows.length; waited += 100) await new Promise((done) => setTimeout(done, 100));
      if (!this.rows.length) {
        throw new Error(window.isSecureContext ? "No motion sensor answers: this device has none, or the browser hides it. Open the page on a phone."
          : "No motion sensor answers: a browser gives them only to pages under https or on localhost. Open this page so.");
      }
      this.rows = []; this.origin = null; this.save.hidden = true;
    }
    close() {
      if (this.feel) window.removeEventListener("devicemotion", this.feel);
      this.feel = null;
      this.save.hidden = !this.all?.length;
    }
    async run() {
      while (this.key) {
        await new Promise((done) => setTimeout(done, 1000));
        if (!this.key) return;
        const rows = this.rows.splice(0);
        this.all.push(...rows);
        try { this.show(await ask(`/live/${this.key}/take`, rows.join("\n"))); } catch (error) { return this.end(error.message); }
      }
    }
  }
  customElements.define("fall-camera", FallCamera);
  customElements.define("fall-motion", FallMotion);
})();
