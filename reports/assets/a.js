// Adds zoom, stepping, search and axis choices to pages that are complete without it.
(function () {
  "use strict";
  var me = document.currentScript;
  var root = (me && me.getAttribute("data-root")) || "";
  var waiting = {}, loaded = {};

  // Data files are calls of this function, so that they load from disk as well.
  window.gd = function (id, data) {
    loaded[id] = data;
    (waiting[id] || []).forEach(function (then) { then(data); });
    delete waiting[id];
  };
  function load(id, file, then) {
    if (loaded[id]) return then(loaded[id]);
    if (waiting[id]) return waiting[id].push(then);
    waiting[id] = [then];
    var script = document.createElement("script");
    script.src = root + file;
    document.head.appendChild(script);
  }
  function all(query, from) {
    return Array.prototype.slice.call((from || document).querySelectorAll(query));
  }
  function make(name, attributes, text) {
    var element = document.createElement(name);
    for (var key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  }
  function draw(name, attributes, text) {
    var element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (var key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  }
  function clear(element) {
    while (element.firstChild) element.removeChild(element.firstChild);
  }

  // The hash holds the state; keys nobody knows are kept.
  var hash = {};
  function readHash() {
    hash = {};
    location.hash.slice(1).split("&").forEach(function (pair) {
      var cut = pair.indexOf("=");
      if (cut < 1) return;
      try { hash[pair.slice(0, cut)] = decodeURIComponent(pair.slice(cut + 1)); } catch (e) { /* not ours */ }
    });
  }
  var timer = 0;
  function writeHash() {
    clearTimeout(timer);
    timer = setTimeout(function () {
      var text = Object.keys(hash).filter(function (key) { return hash[key] !== ""; })
        .map(function (key) { return key + "=" + encodeURIComponent(hash[key]); }).join("&");
      try { history.replaceState(null, "", text ? "#" + text : location.pathname + location.search); }
      catch (e) { /* a page in a frame without an origin keeps its address */ }
    }, 250);
  }
  function keep(key, value) { hash[key] = value; writeHash(); }

  function theme() {
    var wanted = hash.theme;
    if (wanted === "dark" || wanted === "light") document.documentElement.setAttribute("data-theme", wanted);
    else document.documentElement.removeAttribute("data-theme");
  }

  // Search over series, runs and comparisons.
  function search() {
    var form = document.querySelector(".find");
    if (!form) return;
    var input = form.querySelector("input"), hits = form.querySelector("ul"), chosen = -1;
    function show() {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      var list = loaded.find || [];
      var found = words.length ? list.filter(function (row) {
        var text = row[0].toLowerCase();
        return words.every(function (word) { return text.indexOf(word) >= 0; });
      }).slice(0, 14) : [];
      clear(hits);
      chosen = found.length ? 0 : -1;
      found.forEach(function (row, index) {
        var item = make("li"), link = make("a", { href: root + row[1], "aria-selected": index === 0 }, row[0]);
        item.appendChild(link);
        hits.appendChild(item);
      });
      if (words.length && !found.length && loaded.find) hits.appendChild(make("li", { "class": "no" }, "nothing found"));
      hits.hidden = !words.length;
    }
    input.addEventListener("focus", function () { load("find", "d/find.js", show); });
    input.addEventListener("input", show);
    input.addEventListener("keydown", function (event) {
      var links = all("a", hits);
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!links.length) return;
        chosen = (chosen + (event.key === "ArrowDown" ? 1 : links.length - 1)) % links.length;
        links.forEach(function (link, index) { link.setAttribute("aria-selected", index === chosen); });
        event.preventDefault();
      } else if (event.key === "Escape") { input.value = ""; show(); input.blur(); }
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var link = all("a", hits)[chosen];
      if (link) location.href = link.getAttribute("href");
    });
    document.addEventListener("click", function (event) { if (!form.contains(event.target)) hits.hidden = true; });
  }

  // Rows of a table by part of their text.
  function filter() {
    var input = document.querySelector(".flt");
    if (!input) return;
    var rows = all(".fl2 tbody tr").map(function (row) { return [row, row.textContent.toLowerCase()]; });
    function apply() {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach(function (pair) {
        pair[0].hidden = !words.every(function (word) { return pair[1].indexOf(word) >= 0; });
      });
    }
    input.value = hash.q || "";
    input.addEventListener("input", function () { keep("q", input.value); apply(); });
    apply();
  }

  // Differences of integers back to values; an empty place is a gap.
  function decode(text, unit) {
    var at = 0;
    return text === "" ? [] : text.split(",").map(function (part) {
      if (part === "") return null;
      at += +part;
      return at * unit;
    });
  }
  function round(value) {
    var size = Math.abs(value);
    return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3).replace("-", "\u2212");
  }
  function signed(value) { return (value > 0 ? "+" : "") + round(value); }
  var MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  function dayText(day) {
    var date = new Date(day * 864e5);
    return date.getUTCDate() + " " + MONTHS[date.getUTCMonth()] + " " + date.getUTCFullYear();
  }

  function series(section) {
    var svg = section.querySelector("svg[data-chart]");
    if (!svg) return;
    var id = section.getAttribute("data-series");
    load("commits", "d/commits.js", function (commits) {
      load(id, "d/s/" + id + ".js", function (data) { chart(section, svg, data, commits); });
    });
  }

  function chart(section, svg, data, commits) {
    var m = decode(data.m, data.k), lo = decode(data.l, data.k), hi = decode(data.h, data.k);
    var place = decode(data.p, 1), runs = data.n === "" ? [] : data.n.split(",").map(Number);
    var count = m.length;
    if (!count) return;
    var box = svg.getAttribute("data-box").split(",").map(Number);
    var full = svg.getAttribute("data-x").split(",").map(Number);
    var L = box[0] * 10, T = box[1] * 10, W = box[2] * 10, H = box[3] * 10;
    var commit = function (index) { return commits.c[place[index]] || ["", 0, "", ""]; };
    var day = m.map(function (_, index) { return commit(index)[1]; });
    var state = { from: full[0], to: full[1], xs: "commits", y: "lin", runs: true, at: -1, locked: false };
    var own = draw("g", { "class": "own" }), cross = draw("g");
    var parts = all(".ax,.zm,.fl", svg);
    var loose = all("svg>g.t,svg>g.nt,svg>g.i,svg>path,svg>g.e", svg);
    svg.appendChild(own);
    svg.appendChild(cross);
    svg.setAttribute("tabindex", "0");
    var readout = section.querySelector(".ro"), first = readout.cloneNode(true);
    var base = data.s.length > 1 ? data.s[data.s.length - 2][2] : data.s.length ? data.s[0][2] : null;
    var positive = m.every(function (value) { return value === null || value > 0; });

    function usual() {
      return state.from === full[0] && state.to === full[1] && state.xs === "commits" && state.y === "lin";
    }
    // Horizontal place of a revision, by order or by day.
    function across() {
      var a = state.from, b = state.to;
      if (state.xs === "dates") {
        var d0 = day[a] - 0.5, d1 = day[b] + 0.5;
        return function (index) {
          var low = Math.max(0, Math.min(count - 1, Math.floor(index)));
          var next = Math.min(count - 1, low + 1), d = day[low] + (day[next] - day[low]) * (index - low);
          return L + (d - d0) / (d1 - d0) * W;
        };
      }
      return function (index) { return L + (index - a + 0.5) / (b - a + 1) * W; };
    }
    function shown(value) {
      if (value === null) return null;
      if (state.y === "pct") return base ? (value / base - 1) * 100 : null;
      if (state.y === "log2") return value > 0 ? Math.log(value) / Math.LN2 : null;
      return value;
    }
    function range() {
      var values = [];
      for (var i = state.from; i <= state.to; i++) {
        [m[i], lo[i], hi[i]].forEach(function (value) { var v = shown(value); if (v !== null) values.push(v); });
      }
      if (!values.length) return [0, 1];
      values.sort(function (a, b) { return a - b; });
      var cut = Math.floor(values.length / 100), low = values[cut], high = values[values.length - 1 - cut];
      if (state.y === "zero") return low >= 0 ? [0, high * 1.08 || 1] : [low * 1.08, Math.max(0, high * 1.08)];
      var least = state.y === "pct" ? 400 * data.g : state.y === "log2" ? 4 * data.g * 1.44 : 4 * data.g * Math.abs(base || m[state.to] || 1);
      var span = Math.max((high - low) * 1.16, least, 1e-12), middle = (low + high) / 2;
      return [middle - span / 2, middle + span / 2];
    }
    function ticks(low, high, wanted) {
      var raw = (high - low) / wanted, power = Math.pow(10, Math.floor(Math.log10(raw))), lead = raw / power;
      var step = (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power, out = [];
      for (var k = Math.ceil(low / step); k * step <= high && out.length < 30; k++) out.push(k * step);
      out.digits = Math.max(0, -Math.floor(Math.log10(step)));
      return out;
    }
    function stretch(points) {
      var text = "", pen = false;
      points.forEach(function (point) {
        if (!point) { pen = false; return; }
        text += (pen ? "L" : "M") + Math.round(point[0]) + " " + Math.round(point[1]);
        pen = true;
      });
      return text;
    }
    function redraw() {
      var plain = usual();
      parts.concat(loose).forEach(function (part) { part.style.display = plain ? "" : "none"; });
      all(".rn", svg).forEach(function (part) { part.style.display = state.runs ? "" : "none"; });
      clear(own);
      var view = { x: across(), y: null };
      if (plain) {
        var still = svg.getAttribute("data-y").split(",").map(Number);
        view.y = function (value) { return T + (1 - (value / data.f - still[0]) / (still[1] - still[0])) * H; };
      } else {
        var r = range();
        view.y = function (value) { var v = shown(value); return v === null ? null : T + (1 - (v - r[0]) / (r[1] - r[0])) * H; };
        rebuild(view, r);
      }
      state.view = view;
      marker();
      brush();
    }
    function rebuild(view, r) {
      var at = function (v) { return T + (1 - (v - r[0]) / (r[1] - r[0])) * H; };
      var clip = function (y) { return Math.max(T - 40, Math.min(T + H + 40, y)); };
      var marks = ticks(r[0], r[1], 7);
      var exact = function (tick) { return tick.toFixed(marks.digits).replace("-", "\u2212"); };
      marks.forEach(function (tick) {
        own.appendChild(draw("path", { "class": "g", d: "M" + L + " " + Math.round(at(tick)) + "h" + W }));
        var text = state.y === "log2" ? round(Math.pow(2, tick)) : state.y === "pct" ? (tick > 0 ? "+" : "") + exact(tick) + " %" : exact(tick);
        own.appendChild(draw("text", { "class": "t", x: L - 80, y: Math.round(at(tick)) + 38, "text-anchor": "end" }, text));
      });
      own.appendChild(draw("text", { "class": "t", x: L - 80, y: T - 90, "text-anchor": "end" }, state.y === "pct" ? "change" : data.u || "count"));
      var last = -1e9;
      for (var i = state.from; i <= state.to; i++) {
        var x = view.x(i);
        if (x - last < W / 8) continue;
        own.appendChild(draw("text", { "class": "t", x: Math.round(x), y: T + H + 330 }, dayText(day[i]).replace(/ \d+$/, "")));
        last = x;
      }
      var upper = [], lower = [], line = [];
      for (i = state.from; i <= state.to; i++) {
        var y = view.y(m[i]);
        line.push(y === null || y === undefined ? null : [view.x(i), clip(y)]);
        var top = view.y(hi[i]), low = view.y(lo[i]);
        if (top !== null && low !== null && runs[i] > 1) { upper.push([view.x(i), clip(top)]); lower.push([view.x(i), clip(low)]); }
      }
      if (upper.length > 1 && state.runs) own.appendChild(draw("path", { "class": "r", d: stretch(upper.concat(lower.reverse())) + "z" }));
      own.appendChild(draw("path", { "class": "d", d: stretch(line) }));
      data.s.forEach(function (segment, index) {
        var a = Math.max(segment[0], state.from), b = Math.min(segment[1], state.to), y = view.y(segment[2]);
        if (a > b || y === null) return;
        var newest = index === data.s.length - 1 && data.s.length > 1;
        own.appendChild(draw("path", { "class": newest ? "l " + data.v : "q", d: "M" + Math.round(view.x(a - 0.5)) + " " + Math.round(clip(y)) + "H" + Math.round(view.x(b + 0.5)) }));
      });
      data.c.forEach(function (change) {
        if (change[0] < state.from || change[0] > state.to) return;
        var x = Math.round(view.x(change[0] - 0.5));
        own.appendChild(draw("path", { "class": "v " + change[3], d: "M" + x + " " + T + "v" + H }));
        own.appendChild(draw("text", { "class": "e " + change[3], x: x + 30, y: T - 80 }, change[4]));
      });
    }
    function marker() {
      clear(cross);
      var i = state.at;
      if (i < state.from || i > state.to || !state.view) return;
      var x = Math.round(state.view.x(i));
      cross.appendChild(draw("path", { "class": "zl", d: "M" + x + " " + T + "v" + H }));
      if (m[i] === null) return;
      var y = Math.round(Math.max(T, Math.min(T + H, state.view.y(m[i]))));
      cross.appendChild(draw("circle", { "class": "zr", cx: x, cy: y, r: 45 }));
    }
    function tell() {
      var i = state.at;
      if (i < 0) {
        clear(readout);
        all("span", first).filter(function (s) { return s.parentNode === first; })
          .forEach(function (s) { readout.appendChild(s.cloneNode(true)); });
        return;
      }
      var c = commit(i);
      clear(readout);
      var name = make("span"), address = commits.url && c[3] && /^https?:/.test(commits.url) ? commits.url.replace("{commit}", encodeURIComponent(c[3])) : "";
      name.appendChild(address ? make("a", { "class": "mo", href: address }, c[0]) : make("span", { "class": "mo" }, c[0]));
      readout.appendChild(name);
      readout.appendChild(make("span", {}, dayText(c[1])));
      readout.appendChild(make("span", { "class": "su" }, c[2]));
      if (m[i] === null) readout.appendChild(make("span", {}, "no data"));
      else {
        var value = make("span", {}, "median of " + runs[i] + " ");
        value.appendChild(make("b", {}, round(m[i]) + (data.u ? " " + data.u : "")));
        if (lo[i] !== null) value.appendChild(make("i", {}, " [" + round(lo[i]) + ", " + round(hi[i]) + "]"));
        readout.appendChild(value);
        var before = null;
        data.s.forEach(function (segment, index) { if (segment[0] <= i && index) before = data.s[index - 1][2]; });
        if (before) readout.appendChild(make("span", {}, "against the segment before " + signed((m[i] / before - 1) * 100) + " %"));
      }
    }
    function go(index) {
      state.at = Math.max(0, Math.min(count - 1, index));
      if (state.at < state.from || state.at > state.to) {
        var width = state.to - state.from, a = Math.max(0, Math.min(count - 1 - width, state.at - Math.round(width / 2)));
        zoom(a, a + width);
      }
      marker();
      tell();
    }
    function lock(on) {
      state.locked = on;
      keep("c", on && state.at >= 0 ? commit(state.at)[0] : "");
    }
    function zoom(a, b) {
      a = Math.round(a); b = Math.round(b);
      if (b - a < 4) { var middle = Math.round((a + b) / 2); a = middle - 2; b = middle + 2; }
      state.from = Math.max(0, Math.min(a, count - 1));
      state.to = Math.min(count - 1, Math.max(b, state.from));
      keep("x", state.from === full[0] && state.to === full[1] ? "" : state.from + "-" + state.to);
      schedule();
    }
    var frame = 0;
    function schedule() {
      if (!frame) frame = requestAnimationFrame(function () { frame = 0; redraw(); });
    }
    function nearest(event) {
      var place = svg.getBoundingClientRect(), x = (event.clientX - place.left) / place.width * svg.viewBox.baseVal.width;
      var best = -1, near = Infinity;
      for (var i = state.from; i <= state.to; i++) {
        var distance = Math.abs(state.view.x(i) - x);
        if (distance < near) { near = distance; best = i; }
      }
      return { index: best, x: x };
    }
    var drag = null;
    svg.addEventListener("pointermove", function (event) {
      var at = nearest(event);
      if (drag && event.pointerType !== "touch") {
        clear(cross);
        cross.appendChild(draw("path", { "class": "zw", d: "M" + Math.round(drag.x) + " " + T + "H" + Math.round(at.x) + "v" + H + "H" + Math.round(drag.x) + "z" }));
        return;
      }
      if (!state.locked) { state.at = at.index; marker(); tell(); }
    });
    svg.addEventListener("pointerdown", function (event) { if (event.button === 0) drag = nearest(event); });
    window.addEventListener("pointerup", function (event) {
      if (!drag) return;
      var from = drag, at = nearest(event);
      drag = null;
      if (event.pointerType !== "touch" && Math.abs(at.x - from.x) > 80) zoom(Math.min(from.index, at.index), Math.max(from.index, at.index));
      else if (svg.contains(event.target)) { state.at = at.index; lock(!state.locked || event.pointerType === "touch"); marker(); tell(); }
    });
    svg.addEventListener("pointerleave", function () { if (!state.locked && !drag) { state.at = -1; marker(); tell(); } });
    svg.addEventListener("wheel", function (event) {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      scale(event.deltaY > 0 ? 1.3 : 1 / 1.3, nearest(event).index);
    }, { passive: false });
    function scale(factor, around) {
      var width = (state.to - state.from) * factor, share = (around - state.from) / Math.max(1, state.to - state.from);
      zoom(around - width * share, around + width * (1 - share));
    }
    function key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      var i = state.at < 0 ? state.to : state.at, step = event.shiftKey ? 10 : 1, middle = state.at < 0 ? (state.from + state.to) / 2 : state.at;
      if (event.key === "ArrowLeft") go(i - step);
      else if (event.key === "ArrowRight") go(i + step);
      else if (event.key === "Home") go(state.from);
      else if (event.key === "End") go(state.to);
      else if (event.key === "n" || event.key === "p") {
        var places = data.c.map(function (change) { return change[0]; });
        var wanted = event.key === "n" ? places.filter(function (p) { return p > i; })[0] : places.filter(function (p) { return p < i; }).pop();
        if (wanted === undefined) return;
        go(wanted);
      } else if (event.key === "+" || event.key === "=") scale(1 / 1.5, middle);
      else if (event.key === "-") scale(1.5, middle);
      else if (event.key === "0") zoom(full[0], full[1]);
      else if (event.key === "Escape") { state.at = -1; lock(false); marker(); tell(); return; }
      else return;
      event.preventDefault();
      if (state.at >= 0) lock(true);
    }
    svg.addEventListener("keydown", key);
    document.addEventListener("keydown", function (event) {
      if (event.target === document.body && "np+-0=".indexOf(event.key) >= 0) key(event);
    });

    // Choices above the chart.
    var controls = section.querySelector(".ctl");
    function choice(word, name, options) {
      var group = make("span", {}, word + " ");
      options.forEach(function (option) {
        var button = make("button", { type: "button", "aria-pressed": String(state[name]) === String(option[0]) }, option[1]);
        if (option[2]) { button.disabled = true; button.title = option[2]; }
        button.addEventListener("click", function () {
          state[name] = option[0];
          keep(name, option[3] ? "" : option[0] === true ? "1" : option[0] === false ? "0" : option[0]);
          all("button", group).forEach(function (other) { other.setAttribute("aria-pressed", other === button); });
          schedule();
        });
        group.appendChild(button);
      });
      controls.appendChild(group);
    }
    function setControls() {
      clear(controls);
      choice("x", "xs", [["commits", "commits", "", 1], ["dates", "dates"]]);
      choice("y", "y", [["lin", "linear", "", 1], ["log2", "log\u2082", positive ? "" : "has values of zero or below"], ["zero", "from zero"], ["pct", "% of baseline", base ? "" : "has no segment"]]);
      choice("runs", "runs", [[true, "shown", "", 1], [false, "hidden"]]);
      controls.appendChild(make("span", {}, "drag to zoom \u00b7 arrow keys step \u00b7 n next change \u00b7 0 whole"));
    }

    // The whole history under the chart, with the window in it.
    var strip = section.querySelector(".brush");
    function brush() {
      clear(strip);
      if (count < 3) return;
      var values = m.filter(function (v) { return v !== null; });
      if (!values.length) return;
      var low = Math.min.apply(null, values), high = Math.max.apply(null, values), span = high - low || 1;
      var small = draw("svg", { width: 1256, height: 50, viewBox: "0 0 12560 500", role: "img", "aria-label": "whole history" });
      var x = function (i) { return L + (i + 0.5) / count * W; };
      var stride = Math.max(1, Math.floor(count / 1000)), points = [];
      for (var i = 0; i < count; i += stride) points.push(m[i] === null ? null : [x(i), 420 - (m[i] - low) / span * 380]);
      var a = Math.round(x(state.from - 0.5)), b = Math.round(x(state.to + 0.5));
      small.appendChild(draw("path", { "class": "j", d: "M" + a + " 0H" + b + "V460H" + a + "z" }));
      small.appendChild(draw("path", { "class": "y", d: stretch(points) }));
      [a, b].forEach(function (edge) { small.appendChild(draw("path", { "class": "zl", d: "M" + edge + " 0v460" })); });
      strip.appendChild(small);
      var begin = null;
      var index = function (event) {
        var place = small.getBoundingClientRect();
        return Math.round((((event.clientX - place.left) / place.width * 12560 - L) / W) * count - 0.5);
      };
      small.addEventListener("pointerdown", function (event) { begin = index(event); event.preventDefault(); });
      small.addEventListener("pointerup", function (event) {
        if (begin === null) return;
        var end = index(event), width = state.to - state.from;
        if (Math.abs(end - begin) > 3) zoom(Math.min(begin, end), Math.max(begin, end));
        else zoom(end - width / 2, end + width / 2);
        begin = null;
      });
    }

    // State first, then drawing: nothing is written before everything was read.
    function take() {
      var x = /^(\d+)-(\d+)$/.exec(hash.x || "");
      state.from = x ? Math.min(+x[1], count - 1) : full[0];
      state.to = x ? Math.max(state.from, Math.min(+x[2], count - 1)) : full[1];
      state.xs = hash.xs === "dates" ? "dates" : "commits";
      state.y = hash.y === "log2" && positive ? "log2" : hash.y === "zero" ? "zero" : hash.y === "pct" && base ? "pct" : "lin";
      state.runs = hash.runs !== "0";
      state.at = -1;
      state.locked = false;
      if (hash.c) {
        for (var i = 0; i < count; i++) if (commit(i)[0] === hash.c) { state.at = i; state.locked = true; }
      }
      setControls();
      redraw();
      tell();
      if (hash.c && state.at < 0) readout.appendChild(make("span", {}, "no revision " + hash.c.slice(0, 40) + " in this series"));
    }
    take();
    window.addEventListener("hashchange", function () { readHash(); theme(); take(); });
  }

  function start() {
    readHash();
    theme();
    all(".js").forEach(function (element) { element.hidden = false; });
    all(".cw").forEach(function (wide) { wide.scrollLeft = wide.scrollWidth; });
    search();
    filter();
    all("section[data-series]").forEach(series);
    document.addEventListener("keydown", function (event) {
      var field = document.getElementById("q");
      if (event.key === "/" && field && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
        event.preventDefault();
        field.focus();
      }
    });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
