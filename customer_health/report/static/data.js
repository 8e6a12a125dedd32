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

  // An amount in three digits or so, such as 1.23M.
  function short(value) {
    if (value === null || value === undefined) return "–";
    var step = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]].find(function (step) { return Math.abs(value) >= step[0]; });
    if (!step) return number(value);
    var scaled = value / step[0], size = Math.abs(scaled);
    return number(scaled, size < 10 ? 2 : size < 100 ? 1 : 0) + step[1];
  }

  function spelled(name) {
    var known = self.known.spelled || {};
    return name.split(name.indexOf("_") < 0 ? " " : "_").map(function (part) {
      var key = part.toLowerCase();
      return Object.prototype.hasOwnProperty.call(known, key) ? known[key] : part;
    }).join(" ");
  }

  function capital(said) { return said.charAt(0).toUpperCase() + said.slice(1); }

  function words(name) { return name ? capital(spelled(String(name))) : "–"; }

  // A text in which names such as login_trend stand as words.
  function signals(said) {
    return said ? capital(String(said).replace(/\b[a-z]+(?:_[a-z0-9]+)+\b/g, spelled).replace(/>=/g, "at least")
      .replace(/<=/g, "at most")) : "–";
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

  function page(name, id) { return name + ".html?id=" + encodeURIComponent(id); }

  // A customer of an account: its id, its main account where that is another one, its figures by name.
  function customer(row) {
    var made = { id: row[0], main: row[1] };
    self.known.review.forEach(function (name, position) { made[name] = row[position + 2]; });
    made.isRecorded = row.slice(2).some(function (value) { return value !== null; });
    return made;
  }

  var self = {
    known: { total: 0 },
    element: element, fill: fill, number: number, general: general, signed: signed, words: words, signals: signals, short: short,
    band: band, table: table, page: page, customer: customer,
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
