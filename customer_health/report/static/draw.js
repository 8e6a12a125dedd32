// The two pictures of an account, drawn as SVG: its score as a waterfall, and its trajectory.
(function () {
  "use strict";
  var SPACE = "http://www.w3.org/2000/svg";
  var COLORS = { ink: "#1d2733", muted: "#55606e", grid: "#e3e7ec", blue: "#1f5f99", rest: "#dbe4ed", dark: "#10263d" };
  var TONES = ["#1f5f99", "#b58900", "#c2500f", "#7b8794", "#8c4a86"];

  function svg(name, attributes, children) {
    var made = document.createElementNS(SPACE, name);
    CH.fill(made, attributes, children);
    return made;
  }

  function text(x, y, said, attributes) {
    return svg("text", Object.assign({
      x: x, y: y, fill: COLORS.muted, "font-size": 12, "dominant-baseline": "middle"
    }, attributes), said);
  }

  function frame(width, height, children) {
    return svg("svg", {
      viewBox: "0 0 " + width + " " + height, "aria-hidden": "true", focusable: "false"
    }, children);
  }

  function shortened(said, most) {
    var letters = Array.from(said);
    return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : said;
  }

  // Units of a picture: fewer on a small screen, where they are shown larger.
  function wide() { return window.innerWidth < 760 ? 370 : 480; }

  // Parts: [{name, points, most, tip}]; each begins where the one before it ends.
  function waterfall(parts, total) {
    var left = 172, right = 44, width = wide(), row = 30, height = (parts.length + 1) * row + 34;
    var scale = function (points) { return left + (width - left - right) * points / 100; };
    var drawn = [];
    [0, 25, 50, 75, 100].forEach(function (tick) {
      drawn.push(svg("line", { x1: scale(tick), x2: scale(tick), y1: 4, y2: height - 30, stroke: COLORS.grid }));
      drawn.push(text(scale(tick), height - 14, String(tick), { "text-anchor": "middle" }));
    });
    var sum = 0;
    parts.forEach(function (part, position) {
      var y = position * row + 7, mid = y + 9;
      drawn.push(text(left - 10, mid, shortened(part.name, 28), { "text-anchor": "end", fill: COLORS.ink }));
      drawn.push(svg("rect", {
        x: scale(sum), y: y, width: scale(sum + part.most) - scale(sum), height: 18, fill: COLORS.rest, rx: 2,
        "data-tip": part.tip
      }));
      drawn.push(svg("rect", {
        x: scale(sum), y: y, width: Math.max(scale(sum + part.points) - scale(sum), 1), height: 18,
        fill: COLORS.blue, rx: 2, "data-tip": part.tip, "class": "mark"
      }));
      drawn.push(text(scale(sum + part.most) + 6, mid, CH.number(part.points, 1), { fill: COLORS.ink }));
      sum += part.points;
      drawn.push(svg("line", {
        x1: scale(sum), x2: scale(sum), y1: y + 18, y2: y + row, stroke: COLORS.muted, "stroke-dasharray": "2 2"
      }));
    });
    var y = parts.length * row + 7;
    drawn.push(text(left - 10, y + 9, "Health score", { "text-anchor": "end", fill: COLORS.ink, "font-weight": 650 }));
    drawn.push(svg("rect", {
      x: scale(0), y: y, width: Math.max(scale(total) - scale(0), 1), height: 18, fill: COLORS.dark, rx: 2,
      "data-tip": "Health score " + CH.number(total, 1), "class": "mark"
    }));
    drawn.push(text(scale(total) + 6, y + 9, CH.number(total, 1), { fill: COLORS.ink, "font-weight": 650 }));
    return frame(width, height, drawn);
  }

  // Points: [[day, score, band]]; bands: [{band, at_least}] from the best.
  function trajectory(points, bands) {
    var width = wide(), height = 260, left = 34, right = 66, top = 12, bottom = 34;
    var days = points.map(function (point) { return Date.parse(point[0]); });
    var first = days[0], last = days[days.length - 1], span = last - first || 1;
    var x = function (day) { return left + (width - left - right) * (day - first) / span; };
    var y = function (score) { return top + (height - top - bottom) * (1 - score / 100); };
    var drawn = [], upper = 100;
    bands.forEach(function (band, position) {
      drawn.push(svg("rect", {
        x: left, width: width - left - right, y: y(upper), height: y(band.at_least) - y(upper),
        fill: TONES[Math.min(position, TONES.length - 1)], opacity: 0.09
      }));
      drawn.push(text(width - right + 8, (y(upper) + y(band.at_least)) / 2, band.band));
      upper = band.at_least;
    });
    [0, 25, 50, 75, 100].forEach(function (tick) {
      drawn.push(svg("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), stroke: COLORS.grid }));
      drawn.push(text(left - 8, y(tick), String(tick), { "text-anchor": "end" }));
    });
    var shown = points.map(function (point, position) {
      return { x: x(days[position]), y: point[1] === null ? null : y(point[1]), point: point };
    });
    var path = "", open = false;
    shown.forEach(function (at) {
      if (at.y === null) { open = false; return; }
      path += (open ? "L" : "M") + at.x.toFixed(1) + " " + at.y.toFixed(1);
      open = true;
    });
    drawn.push(svg("path", { d: path, fill: "none", stroke: COLORS.blue, "stroke-width": 2.5, "stroke-linejoin": "round" }));
    shown.forEach(function (at) {
      if (at.y === null) return;
      drawn.push(svg("circle", {
        cx: at.x, cy: at.y, r: 4, fill: COLORS.blue, stroke: "#fff", "class": "mark",
        "data-tip": at.point[0] + ": health " + CH.number(at.point[1], 1) + ", " + at.point[2]
      }));
    });
    [0, Math.floor((points.length - 1) / 2), points.length - 1].filter(function (at, position, all) {
      return all.indexOf(at) === position;
    }).forEach(function (at) {
      drawn.push(text(shown[at].x, height - 12, points[at][0], { "text-anchor": at === 0 && points.length > 1 ? "start" : "middle" }));
    });
    return frame(width, height, drawn);
  }

  CH.waterfall = waterfall;
  CH.trajectory = trajectory;
})();
