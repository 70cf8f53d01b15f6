(() => {
  const $ = (selector, inside = document) => inside.querySelector(selector);
  const $$ = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const make = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const kept = {
    get: name => { try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; } },
    set: (name, value) => { try { sessionStorage.setItem(name, JSON.stringify(value)); } catch { /* not allowed here */ } },
  };

  // The menu. Only it is scrolled, never the page: on a phone a reader would be brought back.
  const menu = $("#menu"), navigation = $("#navigation"), here = $("[aria-current]", navigation);
  if (here && menu.clientHeight < here.offsetTop) menu.scrollTop = here.offsetTop - menu.clientHeight / 2;
  const closed = () => { if (location.hash === "#menu") location.hash = "#content"; };
  addEventListener("hashchange", () => { if (location.hash === "#menu") $("#search").focus(); });
  // Addresses of types as they were when all of them stood on one page.
  const former = decodeURIComponent(location.hash.slice(1)).split(".");
  const moved = !here?.hash && $$("a", navigation).find(link => link.pathname.endsWith(`/resources/${former[0]}`));
  if (moved && location.pathname === $(".brand").pathname) {
    location.replace(moved.pathname + (former[1] ? `#${former[1]}` : ""));
  }

  // The search: every word has to be there; names count for more than texts.
  const search = $("#search"), results = $("#results"), nothing = $("#nothing");
  let entries = null;
  const plain = text => text.toLowerCase().replaceAll("_", " ");
  const load = async () => {
    entries ??= fetch(`${$(".brand").pathname}/search.json`).then(answer => answer.json()).then(all => all.map(
      ([title, of, url, text]) => ({ title, of, url, text, name: plain(title).trim(), whole: plain(`${title} ${of} ${text}`) })));
    return entries;
  };
  const marked = (text, words) => {
    const pattern = new RegExp(`(${words.map(word => word.replace(/[^\w]/g, "\\$&").replaceAll(" ", "[ _]")).join("|")})`, "gi");
    return text.split(pattern).map((part, index) => index % 2 ? make("mark", { textContent: part }) : part);
  };
  const around = (text, words) => {
    const at = Math.min(...words.map(word => plain(text).indexOf(word)).filter(index => index >= 0), text.length);
    const start = at > 60 ? text.indexOf(" ", at - 50) + 1 : 0;
    return (start ? "… " : "") + text.slice(start, start + 140) + (text.length > start + 140 ? " …" : "");
  };
  const weigh = (entry, words, wanted) => {
    if (!words.every(word => entry.whole.includes(word))) return 0;
    if (entry.name === wanted) return 100;
    if (entry.name.startsWith(wanted)) return 60 - entry.name.length / 100;
    if (words.every(word => entry.name.includes(word))) return 40 - entry.name.length / 100;
    const often = Math.min(9, words.reduce((sum, word) => sum + entry.whole.split(word).length - 1, 0) / words.length);
    return (words.some(word => entry.name.includes(word)) ? 20 : 10) + often;
  };
  const look = async () => {
    const wanted = plain(search.value).trim(), words = wanted.split(/\s+/).filter(Boolean);
    const all = words.length ? await load() : [];
    if (plain(search.value).trim() !== wanted) return;
    const found = all.map(entry => ({ entry, weight: weigh(entry, words, wanted) })).filter(one => one.weight)
      .sort((one, other) => other.weight - one.weight).slice(0, 40);
    results.replaceChildren(...found.map(({ entry }) => make("li", {}, make("a", { href: entry.url },
      make("b", {}, ...marked(entry.title, words)), ` · ${entry.of}`,
      make("small", {}, ...marked(around(entry.text, words), words))))));
    navigation.hidden = words.length > 0;
    results.hidden = !found.length;
    nothing.textContent = !words.length ? "" : found.length ? `${found.length} found` : "Nothing has these words.";
  };
  search.addEventListener("focus", load);
  search.addEventListener("input", look);
  search.addEventListener("keydown", event => {
    if (event.key === "Enter") $("a", results)?.click();
    if (event.key === "Escape") { if (search.value) { search.value = ""; look(); } else { search.blur(); closed(); } }
    if (event.key === "ArrowDown") { $("a", results)?.focus(); event.preventDefault(); }
  });
  results.addEventListener("keydown", event => {
    const item = event.target.closest("li");
    const next = event.key === "ArrowDown" ? item?.nextSibling : event.key === "ArrowUp" ? item?.previousSibling : null;
    if (next) { next.firstChild.focus(); event.preventDefault(); }
    else if (event.key === "ArrowUp" && item) { search.focus(); event.preventDefault(); }
    if (event.key === "Escape") search.focus();
  });
  results.addEventListener("click", event => {
    if (!event.target.closest("a")) return;
    document.activeElement.blur();
    setTimeout(() => { search.value = ""; look(); });
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && !event.target.closest("input, textarea")) {
      if (!menu.clientHeight) location.hash = "#menu";
      search.focus();
      search.select();
      event.preventDefault();
    }
    if (event.key === "Escape" && menu.contains(event.target)) closed();
  });

  // Requests: a tab for each language, the one chosen last first.
  let number = 0;
  const choose = (language, figures = $$("figure.request")) => {
    for (const figure of figures) {
      for (const tab of $$("[role=tab]", figure)) {
        const chosen = tab.textContent === language;
        tab.setAttribute("aria-selected", chosen);
        tab.tabIndex = chosen ? 0 : -1;
        document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
      }
    }
  };
  const languages = ["curl", "Python", "JavaScript"];
  for (const figure of $$("figure.request")) {
    const list = make("div", { role: "tablist", ariaLabel: "Language" });
    for (const panel of $$(".panel", figure)) {
      const id = `panel-${++number}`, language = panel.dataset.language;
      const tab = make("button", { type: "button", role: "tab", id: `${id}-tab`, textContent: language });
      tab.setAttribute("aria-controls", id);
      Object.assign(panel, { id, role: "tabpanel" });
      panel.setAttribute("aria-labelledby", tab.id);
      list.append(tab);
    }
    list.addEventListener("click", event => {
      const tab = event.target.closest("[role=tab]");
      if (!tab) return;
      const top = tab.getBoundingClientRect().top;
      choose(tab.textContent);
      kept.set("language", tab.textContent);
      scrollBy(0, tab.getBoundingClientRect().top - top);
    });
    list.addEventListener("keydown", event => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const tabs = $$("[role=tab]", list), at = tabs.indexOf(document.activeElement);
      const next = tabs[(at + step + tabs.length) % tabs.length];
      next.click();
      next.focus();
    });
    $("figcaption", figure).insertBefore(list, $(".copy", figure));
    figure.classList.add("tabbed");
  }
  choose(languages.includes(kept.get("language")) ? kept.get("language") : "curl");
  document.addEventListener("click", async event => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const shown = $$("pre", button.closest("figure")).find(pre => !pre.closest("[hidden]"));
    try {
      await navigator.clipboard.writeText(shown.textContent);
      button.textContent = "Copied";
    } catch { button.textContent = "Not allowed"; }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // Trying a request, where a demo runs: by its own tokens, with what earlier answers told.
  if (!("demo" in document.documentElement.dataset)) return;
  const place = $(".brand").pathname;
  let demo = null;
  const values = async () => {
    demo ??= await fetch(`${place}/demo.json`, { method: "POST" }).then(answer => answer.json());
    return { ...demo.values, ...kept.get("values") };
  };
  const filled = (text, known) => text.replace(/\{([a-z_]+)\}/g, (all, name) => known[name] ?? all);
  const token = async name => {
    const known = await values();
    if (known[name]) return known[name];
    const told = await fetch("/oauth/token", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(demo.grants[name]),
    }).then(answer => answer.json());
    remember({ [name]: told.access_token });
    return told.access_token;
  };
  const remember = told => kept.set("values", { ...kept.get("values"), ...told });
  const reach = (body, path) => path.split(".").reduce((part, step) => part?.[step], body);
  const open = async figure => {
    const request = JSON.parse(figure.dataset.request), known = await values();
    const path = make("input", { value: `${request.method} ${filled(request.url, known)}`, spellcheck: false });
    const form = make("form", { className: "console" }, make("label", {}, "Request", path));
    let body = null;
    if (request.body) {
      const text = request.form ? new URLSearchParams(request.body).toString().replaceAll("%7B", "{").replaceAll("%7D", "}")
        : JSON.stringify(request.body, null, 2);
      body = make("textarea", { value: filled(text, known), rows: Math.min(14, text.split("\n").length + 1), spellcheck: false });
      form.append(make("label", {}, "Body", body));
    }
    const output = make("output"), shown = make("pre", { tabIndex: 0, hidden: true });
    form.append(make("button", { type: "submit", className: "button", textContent: "Send" }), output, shown);
    form.addEventListener("submit", async event => {
      event.preventDefault();
      output.textContent = "…";
      const [method, url] = path.value.trim().split(/\s+/, 2);
      try {
        const headers = { ...request.headers };
        const bearer = /\{([a-z_]+)\}/.exec(headers.Authorization ?? "")?.[1];
        if (bearer) headers.Authorization = `Bearer ${(await values())[bearer] ?? await token(bearer)}`;
        const began = performance.now();
        const answer = await fetch(url, { method, headers, body: body?.value || undefined });
        if (answer.status === 401) remember({ token: undefined, shop_token: undefined, customer_token: undefined });
        const text = await answer.text(), took = Math.round(performance.now() - began);
        let told = null;
        try { told = JSON.parse(text); } catch { /* no JSON */ }
        output.textContent = `${answer.status} ${answer.statusText} · ${took} ms`;
        shown.textContent = told ? JSON.stringify(told, null, 2) : text;
        shown.hidden = !text;
        if (answer.ok) {
          for (const [name, from] of Object.entries(request.keep)) remember({ [name]: reach(told, from) });
        }
      } catch (problem) { output.textContent = `Not sent: ${problem.message}`; }
    });
    figure.append(form);
    body ? body.focus() : path.focus();
  };
  for (const figure of $$("figure.request")) {
    const button = make("button", { type: "button", className: "try", textContent: "Try it", ariaExpanded: "false" });
    button.addEventListener("click", async () => {
      const form = $(".console", figure);
      button.ariaExpanded = String(!form);
      form ? form.remove() : await open(figure);
    });
    $("figcaption", figure).append(button);
  }
})();
