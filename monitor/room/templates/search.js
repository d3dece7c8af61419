// Searches the archive's own index: parts of it come as scripts, because a page opened from the disk may not fetch files.
"use strict";
(function () {
  const results = document.getElementById("results");
  const form = document.getElementById("search");
  const said = results.dataset;
  const parts = new Map();
  const waiting = new Map();
  const ONE_BY_ONE = { "đ": "d", "ð": "d", "ı": "i", "ł": "l", "ø": "o", "’": "'", "‘": "'" };
  const SHOWN = 30, BLOCK = 500, LONGEST = 40;

  window.monitorPart = function (name, value) {
    parts.set(name, value);
  };

  function part(name) {
    if (!waiting.has(name)) {
      waiting.set(name, new Promise(function (resolve) {
        const script = document.createElement("script");
        script.src = "assets/search/" + name + ".js";
        script.onload = script.onerror = function () { resolve(parts.get(name) || {}); };
        document.head.append(script);
      }));
    }
    return waiting.get(name);
  }

  function fold(text) {
    let folded = "";
    for (const one of text.normalize("NFC")) {
      let narrow = one.normalize("NFKC");
      if ([...narrow].length !== 1) narrow = one;
      const base = [...narrow.normalize("NFD")][0];
      const kept = (base.codePointAt(0) > 0x52f ? narrow : base).toLowerCase();
      folded += ONE_BY_ONE[kept] || kept;
    }
    return folded;
  }

  function shardOf(word) {
    return [...word].slice(0, 2).map(function (one) {
      return /^[a-z0-9]$/.test(one) ? one : "u" + one.codePointAt(0).toString(16);
    }).join("");
  }

  function termsOf(query) {
    const terms = [];
    for (const raw of query.replace(/"/g, " ").split(/\s+/)) {
      const without = raw.startsWith("-"), prefix = raw.endsWith("*");
      for (const word of fold(raw).replace(/_/g, " ").match(/[\p{L}\p{N}]+/gu) || []) terms.push({ word: [...word].slice(0, LONGEST).join(""), without, prefix });
    }
    return terms;
  }

  async function articlesWith(year, term, shards) {
    const found = new Set();
    const wanted = shardOf(term.word);
    // A beginning of one letter may stand in many files.
    const names = [...term.word].length < 2 && term.prefix ? shards.filter(function (one) { return one.startsWith(wanted); }) : shards.filter(function (one) { return one === wanted; });
    for (const name of names) {
      const words = await part(year + "/w-" + name);
      const keys = term.prefix ? Object.keys(words).filter(function (one) { return one.startsWith(term.word); }) : Object.hasOwn(words, term.word) ? [term.word] : [];
      for (const key of keys) {
        let number = 0;
        for (const step of words[key]) { number += step; found.add(number); }
      }
    }
    return found;
  }

  function passes(shown, asked) {
    const [, , outlet, host, lang, ownership, day, , topics, units] = shown;
    if (asked.topic && !topics.includes(asked.topic)) return false;
    if (asked.unit && !units.some(function (one) { return one.split(" › ").includes(asked.unit); })) return false;
    if (asked.outlet && ![fold(outlet), host].includes(fold(asked.outlet.trim()).replace(/^www\./, ""))) return false;
    if (asked.lang && lang !== asked.lang) return false;
    if (asked.ownership && ownership !== asked.ownership) return false;
    if (asked.since && day < asked.since) return false;
    return !(asked.until && day > asked.until);
  }

  function element(name, attributes, ...inner) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
    made.append(...inner);
    return made;
  }

  function marked(text, terms) {
    const looked = terms.filter(function (one) { return !one.without; }).map(function (one) { return one.word; });
    return text.split(/(\s+)/).map(function (word) {
      const bare = fold(word).replace(/^[^\p{L}\p{N}]+/u, "");
      return bare && looked.some(function (one) { return bare.startsWith(one); }) ? element("mark", {}, word) : word;
    });
  }

  function show(number, shown, terms) {
    const [headline, url, outlet, , lang, , day, story, topics, , snippet, page] = shown;
    const title = url ? element("a", { href: url, rel: "noreferrer noopener external" }, ...marked(headline, terms)) : element("span", {}, ...marked(headline, terms));
    const inner = [
      element("h2", { class: "h", dir: "auto", lang }, title),
      element("p", { class: "meta" }, element("a", { class: "outlet", href: page }, outlet), " · ", element("time", { datetime: day }, day), lang ? " · " + lang.toUpperCase() : ""),
    ];
    if (snippet) inner.push(element("p", { class: "text", dir: "auto", lang }, ...marked(snippet, terms)));
    inner.push(element("p", { class: "fine" }, element("a", { href: "story/" + Math.floor(story / 1000) + "/s" + story + ".html" }, said.story.replace("{id}", "s" + story)), topics.length ? " · " + topics.join(" · ") : ""));
    return element("article", { class: "item", id: "a" + number }, ...inner);
  }

  async function* hits(terms, asked) {
    const years = await part("years");
    const must = terms.filter(function (one) { return !one.without; }), not = terms.filter(function (one) { return one.without; });
    for (const year of Object.keys(years).sort().reverse()) {
      if ((asked.until && year > asked.until.slice(0, 4)) || (asked.since && year < asked.since.slice(0, 4))) continue;
      let found = null;
      for (const term of must) {
        const held = await articlesWith(year, term, years[year]);
        found = found === null ? held : new Set([...found].filter(function (one) { return held.has(one); }));
        if (!found.size) break;
      }
      for (const term of not) {
        if (!found.size) break;
        const held = await articlesWith(year, term, years[year]);
        found = new Set([...found].filter(function (one) { return !held.has(one); }));
      }
      for (const number of [...found].sort(function (a, b) { return b - a; })) {
        const shown = (await part(year + "/a-" + Math.floor(number / BLOCK)))[number];
        if (shown && passes(shown, asked)) yield [number, shown];
      }
    }
  }

  async function look() {
    const asked = Object.fromEntries(new URLSearchParams(location.search));
    for (const [name, value] of Object.entries(asked)) if (form.elements[name]) form.elements[name].value = value;
    const terms = termsOf(asked.q || "");
    if (!terms.some(function (one) { return !one.without; })) return;
    const status = element("p", { class: "about", role: "status" }, said.searching);
    results.append(status);
    const stream = hits(terms, asked);
    let count = 0;
    async function more(button) {
      if (button) button.remove();
      const first = count;
      while (count < first + SHOWN) {
        const next = await stream.next();
        if (next.done) { status.textContent = count ? (count === 1 ? said.one : said.many.replace("{n}", count)) : said.nothing; return; }
        results.append(show(next.value[0], next.value[1], terms));
        count += 1;
      }
      status.textContent = said.some.replace("{n}", count);
      const next = element("button", { type: "button" }, said.more);
      next.addEventListener("click", function () { more(next); });
      results.append(next);
    }
    await more(null);
  }

  look();
})();
