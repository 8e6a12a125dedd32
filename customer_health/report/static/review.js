// The business review of one account, to print: for the customer, so without scores and risks.
(function () {
  "use strict";
  var known = CH.known, e = CH.element, root = document.getElementById("review");
  var asked = new URLSearchParams(window.location.search), id = asked.get("id") || "";
  var MEASURES = [
    ["login_frequency", "Logins", 1], ["feature_adoption", "Feature adoption", 1, "%"],
    ["dau_mau_ratio", "Daily among monthly users", 100, "%"], ["nps_score", "NPS answer (0-10)", 1],
    ["csat_score", "Satisfaction (1-5)", 1], ["support_ticket_volume", "Support tickets", 1],
    ["open_tickets", "Open tickets", 1], ["escalation_rate", "Escalated tickets", 100, "%"],
    ["avg_resolution_hours", "Hours to resolve", 1]
  ];

  function blank() { return e("span", { "class": "blank" }, e("span", { hidden: "" }, "to fill in")); }

  function named(names, values) {
    var found = {};
    names.forEach(function (name, position) { found[name] = values ? values[position] : null; });
    return found;
  }

  function said(value, factor, unit) {
    return value === null || value === undefined ? "–" : CH.general(value * factor) + (unit || "");
  }

  function agenda() {
    return CH.table("Agenda", [
      ["Minutes", false, function (row) { return row[0]; }], ["Topic", false, function (row) { return row[1]; }],
      ["Who leads", false, function (row) { return row[2]; }]
    ], [
      [5, "Welcome, changes since the last review", "Both"], [10, "Your goals: planned and reached", "You"],
      [15, "How you use the product", "Us"], [10, "Support", "Us"],
      [15, "The next period: goals and next steps", "Both"], [5, "Actions, owners and dates", "Both"]
    ]);
  }

  function usage(review) {
    return CH.table("How you use the product, and support", [
      ["Measure", false, function (row) { return row[1]; }],
      ["This period", true, function (row) { return said(review[row[0]], row[2], row[3]); }],
      ["Target", true, function (row) {
        var most = review[row[0] + "_max"], least = review[row[0] + "_target"];
        if (least !== null && least !== undefined) return "at least " + said(least, row[2], row[3]);
        if (most !== null && most !== undefined) return "below " + said(most, row[2], row[3]);
        return "–";
      }]
    ], MEASURES);
  }

  function activity(facts) {
    return CH.table("How we work together", [
      ["Measure", false, function (row) { return row[0]; }], ["This period", true, function (row) { return row[1]; }]
    ], [
      ["Meetings, calls and mails in 30 days", CH.general(facts.total_activities_30d)],
      ["Days since we last spoke", CH.general(facts.days_since_last_activity)],
      ["Contacts known to us", CH.general(facts.total_contacts)]
    ]);
  }

  function lines(caption, headings, count) {
    var rows = Array.from({ length: count }, function () { return 0; });
    return CH.table(caption, headings.map(function (heading) { return [heading, false, blank]; }), rows);
  }

  // Links to the reviews of the account's other customers.
  function others(account, customers, shown) {
    if (customers.length < 2) return "";
    return e("nav", { "class": "choice no-print", "aria-label": "Customers of the account" }, ["Customer:"].concat(
      customers.map(function (customer) {
        return e("a", {
          href: CH.page("review", account.id) + "&customer=" + encodeURIComponent(customer.id),
          "aria-current": customer === shown ? "true" : null
        }, customer.name || customer.id);
      })
    ));
  }

  function show(account) {
    var name = account.n || account.id;
    var facts = named(known.facts, account.f), customers = (account.r || []).map(CH.customer);
    var review = customers.find(function (customer) { return customer.id === asked.get("customer"); }) || customers[0] || {};
    document.title = "Business review " + name;
    var button = e("button", { type: "button", "class": "no-print" }, "Print or save as PDF");
    button.addEventListener("click", function () { window.print(); });
    var opportunities = ["top_opportunity_1", "top_opportunity_2"].map(function (key) { return review[key]; })
      .filter(Boolean);
    root.replaceChildren(
      e("p", { "class": "crumb" }, [
        e("a", { href: "accounts.html" }, "Accounts"), " / ",
        e("a", { href: CH.page("account", account.id) }, name), " / Business review"
      ]),
      others(account, customers, review),
      e("article", { "class": "paper" }, [
        e("div", { "class": "title" }, [e("div", {}, [
          e("h1", {}, "Business review: " + name),
          e("p", { "class": "lead" }, (review.name && review.name !== name ? review.name + ". " : "") + "Figures of " +
            document.querySelector(".stamp dd").textContent)
        ]), button]),
        e("dl", { "class": "facts" }, [
          ["Industry", facts.industry || "–"], ["Plan", CH.words(review.current_tier)],
          ["Seats in use", review.licensed_seats ? CH.general(review.active_seats) + " of " + CH.general(review.licensed_seats) : "–"],
          ["Modules in use", review.total_modules ? CH.general(review.adopted_modules) + " of " + CH.general(review.total_modules) : "–"],
          ["Renewal", review.contract_end_date || "–"], ["Meeting (date, place)", blank()]
        ].map(function (fact) { return e("div", {}, [e("dt", {}, fact[0]), e("dd", {}, fact[1])]); })),
        e("h2", {}, "Agenda (60 minutes)"), agenda(),
        e("h2", {}, "Your goals"), lines("Your goals", ["Goal", "How we measure it", "Planned", "Reached"], 3),
        e("h2", {}, "How we work together"), activity(facts),
        e("h2", {}, "How you use the product, and support"),
        review.isRecorded ? usage(review) : e("p", {}, "No figures of the product's use are known for this account."),
        e("h2", {}, "The next period"),
        opportunities.length ? e("p", {}, "To talk about: " + opportunities.map(CH.words).join(", ").toLowerCase() + ".") : null,
        lines("Actions agreed", ["Action", "Owner", "Due"], 4)
      ])
    );
  }

  function fail(text) {
    root.replaceChildren(e("div", { "class": "head" }, [e("h1", {}, "Business review"), e("p", { "class": "lead" }, text)]));
  }

  if (!id) {
    fail("No account is chosen: open one from the list of accounts.");
    return;
  }
  CH.account(id).then(function (account) {
    if (account) show(account); else fail("There is no account " + id + ".");
  }).catch(function (error) { fail("The account cannot be read: " + error.message + "."); });
})();
