// Data comes by script files, which a page opened from disk may load; each file calls one function.
var CH = (function () {
  "use strict";
  var arrived = {}, coming = {};

  function load(path, key) {
    coming[key] = coming[key] || new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      function end() {
        script.remove();
        delete coming[key];
        delete arrived[key];
      }
      script.src = path;
      script.onload = function () {
        var data = arrived[key];
        end();
        if (data) resolve(data); else reject(new Error(path + " holds no data"));
      };
      script.onerror = function () {
        end();
        reject(new Error(path + " is not there"));
      };
      document.head.appendChild(script);
    });
    return coming[key];
  }

  // Order of code points, as DuckDB has it; strings of JavaScript compare by UTF-16 units.
  function before(left, right) {
    var a = Array.from(left), b = Array.from(right);
    for (var i = 0; i < a.length && i < b.length; i++) {
      if (a[i] !== b[i]) return a[i].codePointAt(0) < b[i].codePointAt(0);
    }
    return a.length < b.length;
  }

  // An element with attributes and children; texts stay texts whatever is in them.
  function element(name, attributes, children) {
    var made = document.createElement(name);
    fill(made, attributes, children);
    return made;
  }

  function fill(made, attributes, children) {
    Object.keys(attributes || {}).forEach(function (key) {
      if (attributes[key] !== null && attributes[key] !== undefined) made.setAttribute(key, attributes[key]);
    });
    [].concat(children === undefined || children === null ? [] : children).forEach(function (child) {
      if (child === null || child === undefined) return;
      made.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
    });
  }

  var formats = {};
  function number(value, digits) {
    if (value === null || value === undefined) return "–";
    digits = digits || 0;
    formats[digits] = formats[digits] || new Intl.NumberFormat("en-US", {
      minimumFractionDigits: digits, maximumFractionDigits: digits
    });
    return formats[digits].format(value).replace("-", "−");
  }

  function general(value) {
    if (value === null || value === undefined) return "–";
    return new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 }).format(value).replace("-", "−");
  }

  function signed(value) {
    if (value === null || value === undefined) return "–";
    return (value > 0 ? "+" : "") + number(value, 1);
  }

  function words(name) {
    if (!name) return "–";
    var said = String(name).replace(/_/g, " ");
    return said.charAt(0).toUpperCase() + said.slice(1);
  }

  function band(name) {
    return element("span", { "class": "band", "data-band": String(name || "").toLowerCase() }, words(name));
  }

  // A table; a column is [heading, is a number, function of a row that gives a text or a node].
  function table(caption, columns, rows) {
    var head = element("tr", {}, columns.map(function (column) {
      return element("th", { scope: "col", "class": column[1] ? "n" : null }, column[0]);
    }));
    var body = rows.map(function (row) {
      return element("tr", {}, columns.map(function (column) {
        return element("td", { "class": column[1] ? "n" : null }, column[2](row));
      }));
    });
    if (!rows.length) body = [element("tr", {}, element("td", { colspan: columns.length }, "Nothing to show."))];
    return element("div", { "class": "scroll", role: "region", tabindex: "0", "aria-label": caption },
      element("table", {}, [
        element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, body)
      ]));
  }

  var self = {
    known: { total: 0 },
    element: element, fill: fill, number: number, general: general, signed: signed, words: words,
    band: band, table: table,
    rows: function (file, rows) { arrived["list" + file] = rows; },
    accounts: function (file, accounts) { arrived["accounts" + file] = accounts; },
    list: function (file) { return load("data/list_" + file + ".js", "list" + file); },
    // The account of an id, or null if there is none.
    account: function (id) {
      var firsts = self.known.firsts || [];
      var low = 0, high = firsts.length;
      while (low < high) {
        var middle = (low + high) >> 1;
        if (before(id, firsts[middle])) high = middle; else low = middle + 1;
      }
      if (!low) return Promise.resolve(null);
      return load("data/accounts_" + (low - 1) + ".js", "accounts" + (low - 1)).then(function (accounts) {
        return accounts.find(function (account) { return account.id === id; }) || null;
      });
    }
  };
  return self;
})();
