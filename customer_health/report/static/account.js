// The page of one account, made from its place in the data files.
(function () {
  "use strict";
  var known = CH.known, e = CH.element, root = document.getElementById("account");
  var AMOUNTS = ["annual_revenue", "total_won_amount", "current_pipeline_amount"];
  var id = new URLSearchParams(window.location.search).get("id") || "";

  function named(names, values) {
    var found = {};
    names.forEach(function (name, position) { found[name] = values[position]; });
    return found;
  }

  function card(title, children, isWide) {
    var heading = "t" + title.replace(/\W+/g, "");
    return e("section", { "class": "card" + (isWide ? " wide" : " picture"), "aria-labelledby": heading },
      [e("h2", { id: heading }, title)].concat(children));
  }

  function picture(title, svg, said, table, note) {
    return card(title, [
      e("div", { "class": "drawing", role: "img", "aria-label": said }, svg),
      note ? e("p", { "class": "note" }, note) : null,
      e("details", {}, [e("summary", {}, ["Data as a table", e("span", { "class": "hidden" }, ": " + title)]), table])
    ]);
  }

  function figure(label, value, note, tone) {
    return e("div", { "class": "figure " + (tone || "") }, [
      e("p", { "class": "label" }, label), e("p", { "class": "value" }, value), e("p", { "class": "note" }, note || "")
    ]);
  }

  function parts(account) {
    var place = {};
    known.metrics.forEach(function (metric, position) { place[metric] = position; });
    return account.c.map(function (part) {
      return {
        name: CH.words(part[0]), metric: part[0], raw: part[1], points: part[2] || 0, most: part[3] || 0,
        tip: CH.words(part[0]) + ": " + CH.number(part[2], 1) + " of " + CH.number(part[3], 1) + " points, value " +
          CH.general(part[1])
      };
    }).sort(function (a, b) { return place[a.metric] - place[b.metric]; });
  }

  function contributions(account) {
    if (!account.c || account.s[0] === null) {
      return card("What the score is made of", [e("p", {}, "Too little is known of this account for a score.")]);
    }
    var made = parts(account);
    var lost = made.slice().sort(function (a, b) { return (b.most - b.points) - (a.most - a.points); });
    var said = "Waterfall of the score " + CH.number(account.s[0], 1) + ": " + made.map(function (part) {
      return part.name + " " + CH.number(part.points, 1) + " of " + CH.number(part.most, 1);
    }).join("; ") + ".";
    var table = CH.table("What the score is made of", [
      ["Metric", false, function (part) { return part.name; }],
      ["Value", true, function (part) { return CH.general(part.raw); }],
      ["Points", true, function (part) { return CH.number(part.points, 2); }],
      ["At most", true, function (part) { return CH.number(part.most, 2); }],
      ["Lost", true, function (part) { return CH.number(part.most - part.points, 2); }]
    ], made);
    return picture("What the score is made of", CH.waterfall(made, account.s[0]), said, table,
      "Pale: points that were possible. Most points are lost by " + lost.slice(0, 2).map(function (part) {
        return part.name.toLowerCase();
      }).join(" and ") + ".");
  }

  function history(account) {
    if (!known.has.trajectory) {
      return card("Trajectory", [e("p", {}, "The subject trajectory is switched off: add it to customer_health_subjects and build again.")]);
    }
    var points = (account.h || []).filter(function (point) { return point[1] !== null; });
    if (!points.length) return card("Trajectory", [e("p", {}, "No score of this account is stored yet.")]);
    var trend = account.t || [];
    var newest = points[points.length - 1];
    var table = CH.table("Trajectory", [
      ["Day", false, function (point) { return point[0]; }],
      ["Health", true, function (point) { return CH.number(point[1], 1); }],
      ["Band", false, function (point) { return CH.band(point[2]); }]
    ], points.slice().reverse());
    return picture("Trajectory", CH.trajectory(points, known.bands),
      "Line chart of the health score on " + points.length + " days, from " + CH.number(points[0][1], 1) + " on " +
      points[0][0] + " to " + CH.number(newest[1], 1) + " on " + newest[0] + ".", table,
      trend[0] ? CH.words(trend[0]) + "." + [7, 30, 90].map(function (days, position) {
        var change = trend[position + 1];
        return change === null ? "" : " In " + days + " days " + CH.signed(change) + ".";
      }).join("") : null);
  }

  function day(said) { return e("span", { "class": "day" }, said || "–"); }

  function more(all, shown, mart) {
    return all > shown ? e("p", { "class": "note" }, CH.number(all - shown) + " more are in marts." + mart + ".") : null;
  }

  function off(title, subject) {
    return card(title, [e("p", {}, "The subject " + subject + " is switched off: add it to customer_health_subjects and build again.")], true);
  }

  // The customers of the account, the main one first.
  function customers(account) { return (account.r || []).map(CH.customer); }

  // Whose an alert or a step is: a column where some are of customers.
  function whose(account, rows, at) {
    if (!rows.some(function (row) { return row[at]; })) return [];
    var names = {};
    customers(account).forEach(function (customer) { names[customer.id] = customer.name; });
    return [["Concerns", false, function (row) {
      return row[at] ? "Customer " + (names[row[at]] || row[at]) : "Account";
    }]];
  }

  function alerts(account) {
    if (!known.has.alerts) return off("Open alerts", "actions");
    var rows = account.a || [];
    var made = card("Open alerts", [
      rows.length ? CH.table("Open alerts", [
        ["Severity", false, function (row) { return CH.band(row[1]); }],
        ["Rule", false, function (row) { return CH.words(row[0]); }]
      ].concat(whose(account, rows, 6), [
        ["Signal", false, function (row) { return CH.signals(row[2]); }],
        ["What to do", false, function (row) { return (known.rules[row[0]] || [])[1] || "–"; }],
        ["Open since", false, function (row) { return day(row[3]); }],
        ["Days", true, function (row) { return CH.number(row[4]); }]
      ]), rows) : e("p", {}, "No alert is open."), more(account.an || 0, rows.length, "account_alerts")
    ], true);
    made.classList.add("severity");
    return made;
  }

  function plan(account) {
    if (!known.has.plan) return off("Plan", "actions");
    var rows = account.p || [];
    return card("Plan", [
      rows.length ? CH.table("Plan", [
        ["Due", false, function (row) { return day(row[3]); }],
        ["Action", false, function (row) { return known.actions[row[0]]; }]
      ].concat(whose(account, rows, 5), [
        ["Why", false, function (row) { return CH.signals(row[1]); }],
        ["Owner", false, function (row) { return row[2] || "–"; }],
        ["Effect expected", false, function (row) { return CH.signals(row[4]); }]
      ]), rows) : e("p", {}, "Nothing is planned."), more(account.pn || 0, rows.length, "account_action_plans")
    ], true);
  }

  function facts(account) {
    var found = named(known.facts, account.f);
    return card("Facts", [e("dl", { "class": "facts" }, known.facts.map(function (name) {
      var value = found[name];
      var shown = typeof value === "number" ? (AMOUNTS.indexOf(name) >= 0 ? CH.number(value) : CH.general(value)) : value;
      return e("div", {}, [e("dt", {}, CH.words(name)), e("dd", {}, shown === null || shown === undefined ? "–" : shown)]);
    }))], true);
  }

  function titled(customer) {
    return customer.name ? customer.name + " (" + customer.id + ")" : customer.id;
  }

  function elsewhere(customer) {
    return customer.main && e("p", { "class": "note" }, ["Alerts and plan of " + (customer.name || customer.id) +
      " stand with its main account, ", e("a", { href: CH.page("account", customer.main) }, customer.main), "."]);
  }

  function review(account, customer) { return CH.page("review", account.id) + "&customer=" + encodeURIComponent(customer.id); }

  function success(account) {
    var title = "Customer success", found = customers(account);
    if (!known.has.customers) return off(title, "customer_success");
    if (!found.length) return card(title, [e("p", {}, "No customer of the customer-success records belongs to this account.")], true);
    return card(title, found.length > 1 ? [
      e("p", { "class": "note" }, CH.number(account.rn) + " customers belong to this account, the main one first."),
      CH.table(title, [
        ["Customer", false, titled], ["ARR", true, function (customer) { return CH.number(customer.arr); }],
        ["Contract ends", false, function (customer) { return day(customer.contract_end_date); }],
        ["Days to renewal", true, function (customer) { return CH.number(customer.days_to_renewal); }],
        ["Overall score", true, function (customer) { return CH.number(customer.overall_score, 1); }],
        ["Class", false, function (customer) { return CH.words(customer.classification); }],
        ["Churn risk", true, function (customer) { return CH.number(customer.risk_score, 1); }],
        ["Risk tier", false, function (customer) { return CH.words(customer.risk_tier); }],
        ["Review", false, function (customer) {
          return customer.name && e("a", { href: review(account, customer), "aria-label": "Business review of " + customer.name }, "Open");
        }]
      ], found), more(account.rn, found.length, "account_customers")
    ].concat(found.map(elsewhere)) : [factsOf(found[0]), elsewhere(found[0])], true);
  }

  function factsOf(customer) {
    if (!customer.isRecorded) {
      return e("p", {}, "Customer " + customer.id + " belongs to this account, but the customer-success records do not have it.");
    }
    return e("dl", { "class": "facts" }, [
      ["Customer", titled(customer)],
      ["ARR", CH.number(customer.arr)], ["Contract ends", customer.contract_end_date || "–"],
      ["Days to renewal", CH.number(customer.days_to_renewal)], ["Overall score", CH.number(customer.overall_score, 1)],
      ["Class", CH.words(customer.classification)], ["Usage", CH.number(customer.usage_score, 1)],
      ["Engagement", CH.number(customer.engagement_score, 1)], ["Support", CH.number(customer.support_score, 1)],
      ["Relationship", CH.number(customer.relationship_score, 1)], ["Churn risk", CH.number(customer.risk_score, 1)],
      ["Risk tier", CH.words(customer.risk_tier)], ["Tier of the plan", CH.words(customer.current_tier)]
    ].map(function (fact) { return e("div", {}, [e("dt", {}, fact[0]), e("dd", {}, fact[1])]); }));
  }

  function show(account) {
    var name = account.n || account.id, s = account.s;
    document.title = name + " · Customer health";
    var tones = { Low: "bad", Medium: "watch", High: "good" };
    root.replaceChildren(
      e("p", { "class": "crumb" }, [e("a", { href: "accounts.html" }, "Accounts"), " / ", name]),
      e("div", { "class": "title" }, [
        e("div", {}, [e("h1", {}, name), e("p", { "class": "lead" }, account.id)]),
        e("a", { "class": "button no-print", href: CH.page("review", account.id) }, "Business review (QBR)")
      ]),
      e("div", { "class": "grid" }, [
        e("section", { "class": "figures", "aria-label": "Headline figures" }, [
          figure("Health score", CH.number(s[0], 1), "of 100", tones[s[1]]),
          figure("Band", CH.words(s[1]), CH.number((s[2] || 0) * 100) + "% of the weight is known"),
          figure("6-month forecast", CH.short(s[3]), CH.number(s[3]) + ", tier " + (s[4] || "–")),
          figure("Change in 30 days", account.t ? CH.signed(account.t[2]) : "–", account.t ? CH.words(account.t[0]) : ""),
          figure("Open alerts", known.has.alerts ? CH.number(account.an || 0) : "–", "", account.an ? "bad" : "")
        ]),
        contributions(account), history(account), alerts(account), plan(account), success(account), facts(account)
      ])
    );
  }

  function fail(said) {
    root.replaceChildren(e("div", { "class": "head" }, [
      e("h1", {}, "Account"), e("p", { "class": "lead" }, said),
      e("p", {}, e("a", { href: "accounts.html" }, "Search all accounts"))
    ]));
  }

  if (!id) {
    fail("No account is chosen.");
    return;
  }
  CH.account(id).then(function (account) {
    if (account) show(account); else fail("There is no account " + id + ".");
  }).catch(function (error) { fail("The account cannot be read: " + error.message + "."); });
})();
