// The list of accounts: files are read one after the other, and only the rows shown are kept.
(function () {
  "use strict";
  var known = CH.known, PAGE = 50, KEPT_FILES = 20;
  var COLUMNS = [
    { key: "name", name: "Account" }, { key: "industry", name: "Industry" }, { key: "size", name: "Size" },
    { key: "score", name: "Health", n: true }, { key: "band", name: "Band" },
    { key: "change", name: "30 days", n: true }, { key: "forecast", name: "6-month forecast", n: true },
    { key: "tier", name: "Tier" }, { key: "alerts", name: "Alerts", n: true }
  ];
  var place = {};
  (known.fields || []).forEach(function (field, position) { place[field] = position; });
  var state = { sort: "forecast", down: true, page: 0 };
  var kept = new Map(), run = 0;
  var by = function (id) { return document.getElementById(id); };
  var collator = new Intl.Collator("en", { sensitivity: "base", numeric: true });

  function file(number) {
    if (kept.has(number)) return Promise.resolve(kept.get(number));
    return CH.list(number).then(function (rows) {
      if (kept.size < KEPT_FILES) kept.set(number, rows);
      return rows;
    });
  }

  function wanted() {
    var text = by("q").value.trim().toLocaleLowerCase();
    var filters = ["industry", "size", "band", "tier"].map(function (id) {
      return [place[id], by(id).value];
    }).filter(function (filter) { return filter[1]; });
    var alerts = by("alerts").value;
    if (!text && !filters.length && !alerts) return null;
    return function (row) {
      for (var i = 0; i < filters.length; i++) if (row[filters[i][0]] !== filters[i][1]) return false;
      if (alerts && !row[place.alerts]) return false;
      return !text || has(row[place.name], text) || has(row[place.account_id], text) || has(row[place.customers], text);
    };
  }

  function has(value, text) { return String(value || "").toLocaleLowerCase().indexOf(text) >= 0; }

  function order() {
    var at = place[state.sort], sign = state.down ? -1 : 1;
    return function (a, b) {
      var x = a[at], y = b[at];
      if (x === y) return 0;
      if (x === null) return 1;
      if (y === null) return -1;
      return sign * (typeof x === "number" ? x - y : collator.compare(x, y));
    };
  }

  async function show() {
    var mine = ++run, test = wanted(), first = state.page * PAGE, need = first + PAGE;
    var count = 0, best = [], compare = order();
    var inOrder = state.sort === "forecast" && state.down;
    var begin = inOrder && !test ? Math.floor(first / known.rows) : 0;
    for (var number = begin; number < known.files; number++) {
      var rows = await file(number);
      if (mine !== run) return;
      var found = test ? rows.filter(test) : rows;
      count += found.length;
      if (inOrder) {
        if (best.length < need) best = best.concat(found.slice(0, need - best.length));
        if (!test && best.length + begin * known.rows >= Math.min(need, known.total)) break;
      } else {
        best = best.concat(found).sort(compare).slice(0, need);
      }
      if (known.files > KEPT_FILES && number % 10 === 9) {
        by("count").textContent = "Searched " + CH.number((number + 1) * known.rows) + " of " +
          CH.number(known.total) + " accounts…";
      }
    }
    if (!test) count = known.total;
    var from = first - begin * known.rows;
    render(best.slice(from, from + PAGE), count, first);
  }

  function render(rows, count, first) {
    var text = by("q").value.trim().toLocaleLowerCase();
    var cell = {
      name: function (row) {
        var link = CH.element("a", { href: CH.page("account", row[place.account_id]) },
          row[place.name] || row[place.account_id]);
        // What was found is said where it is not the account's own name.
        if (!text || has(row[place.name], text) || !has(row[place.customers], text)) return link;
        return [link, CH.element("span", { "class": "under" }, row[place.customers])];
      },
      score: function (row) { return CH.number(row[place.score], 1); },
      band: function (row) { return CH.band(row[place.band]); },
      change: function (row) { return CH.signed(row[place.change]); },
      forecast: function (row) { return CH.number(row[place.forecast]); },
      alerts: function (row) { return CH.number(row[place.alerts]); }
    };
    var body = document.querySelector("#list tbody");
    body.replaceChildren.apply(body, rows.map(function (row) {
      return CH.element("tr", {}, COLUMNS.map(function (column) {
        var shown = cell[column.key] ? cell[column.key](row) : row[place[column.key]];
        return CH.element("td", { "class": column.n ? "n" : null }, shown === null ? "–" : shown);
      }));
    }));
    by("count").textContent = count === known.total ? CH.number(count) + " accounts" :
      CH.number(count) + " of " + CH.number(known.total) + " accounts";
    by("where").textContent = count ? CH.number(first + 1) + " to " + CH.number(first + rows.length) +
      " of " + CH.number(count) : "";
    by("back").disabled = state.page === 0;
    by("next").disabled = first + rows.length >= count;
  }

  function heads() {
    var head = document.querySelector("#list thead tr");
    head.replaceChildren.apply(head, COLUMNS.map(function (column) {
      var sorted = state.sort === column.key;
      var button = CH.element("button", { type: "button", "data-key": column.key }, [
        column.name, CH.element("span", { "aria-hidden": "true" }, sorted ? (state.down ? "▼" : "▲") : "")
      ]);
      button.addEventListener("click", function () {
        state.down = sorted ? !state.down : Boolean(column.n);
        state.sort = column.key;
        state.page = 0;
        heads();
        document.querySelector('#list button[data-key="' + column.key + '"]').focus();
        start();
      });
      return CH.element("th", {
        scope: "col", "class": column.n ? "n" : null,
        "aria-sort": sorted ? (state.down ? "descending" : "ascending") : null
      }, button);
    }));
  }

  function start() {
    show().catch(function (error) { by("count").textContent = "The accounts cannot be read: " + error.message; });
  }

  function options(id, values) {
    (values || []).filter(Boolean).forEach(function (value) {
      by(id).appendChild(CH.element("option", { value: value }, value));
    });
  }

  if (!known.total) {
    by("count").textContent = "There are no accounts: build with account_health among customer_health_subjects.";
    return;
  }
  var sizes = ["Small Business", "Mid-Market", "Large", "Enterprise"];
  options("industry", known.industries);
  options("size", known.sizes.slice().sort(function (a, b) {
    return (sizes.indexOf(a) + 9) % 9 - (sizes.indexOf(b) + 9) % 9;
  }));
  options("band", known.bandNames);
  options("tier", known.tiers);
  var timer = 0;
  by("filters").addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(function () { state.page = 0; start(); }, 150);
  });
  by("filters").addEventListener("reset", function () { setTimeout(function () { state.page = 0; start(); }); });
  by("filters").addEventListener("submit", function (event) { event.preventDefault(); });
  by("back").addEventListener("click", function () { state.page--; start(); });
  by("next").addEventListener("click", function () { state.page++; start(); });
  heads();
  start();
})();
