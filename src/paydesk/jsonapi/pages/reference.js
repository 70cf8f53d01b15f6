(() => {
  const search = document.getElementById("search"), results = document.getElementById("results");
  const navigation = document.getElementById("navigation"), nothing = document.getElementById("nothing");
  const known = [...document.querySelectorAll("main section[id], main tr[id]")].map(e => e.id);
  const links = new Map([...navigation.querySelectorAll("a")].map(a => [a.hash.slice(1), a]));
  const marked = (text, start, length) => {
    const found = document.createElement("mark"), line = document.createElement("span");
    found.textContent = text.slice(start, start + length);
    line.append(text.slice(0, start), found, text.slice(start + length));
    return line;
  };
  const look = () => {
    const wanted = search.value.trim().toLowerCase().replaceAll(" ", "_");
    const found = [];
    if (wanted) for (const id of known) {
      const dot = id.indexOf("."), name = id.slice(dot + 1);
      const at = wanted.includes(".") ? id.indexOf(wanted) : name.indexOf(wanted);
      if (at >= 0) found.push({ id, name: wanted.includes(".") ? id : name, at, of: dot < 0 ? "" : id.slice(0, dot) });
    }
    found.sort((a, b) => !!a.of - !!b.of || (a.at > 0) - (b.at > 0) || a.name.length - b.name.length);
    results.replaceChildren(...found.slice(0, 60).map(one => {
      const item = document.createElement("li"), link = document.createElement("a");
      const of = document.createElement("small");
      link.href = "#" + one.id;
      of.textContent = one.of;
      link.append(marked(one.name, one.at, wanted.length), of);
      item.append(link);
      return item;
    }));
    navigation.hidden = !!wanted;
    results.hidden = !found.length;
    nothing.hidden = !wanted || !!found.length;
  };
  search.addEventListener("input", look);
  search.addEventListener("keydown", event => {
    if (event.key === "Enter") results.querySelector("a")?.click();
    if (event.key === "Escape") { search.value = ""; look(); search.blur(); }
    if (event.key === "ArrowDown") { results.querySelector("a")?.focus(); event.preventDefault(); }
  });
  results.addEventListener("keydown", event => {
    const item = event.target.closest("li");
    const next = event.key === "ArrowDown" ? item?.nextSibling : event.key === "ArrowUp" ? item?.previousSibling : null;
    if (next) { next.firstChild.focus(); event.preventDefault(); }
    if (event.key === "Escape") search.focus();
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && !event.target.closest("input")) { search.focus(); event.preventDefault(); }
  });
  document.addEventListener("click", async event => {
    const button = event.target.closest("figure button");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.closest("figure").querySelector("code").textContent);
      button.textContent = "Copied";
    } catch { button.textContent = "Not allowed"; }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  // Within the menu alone: on a phone the menu stands above the text, and `scrollIntoView` would bring the reader back.
  const menu = navigation.closest("aside");
  const show = link => {
    const line = link.getBoundingClientRect(), box = menu.getBoundingClientRect();
    if (line.top < box.top) menu.scrollTop += line.top - box.top;
    if (line.bottom > box.bottom) menu.scrollTop += line.bottom - box.bottom;
  };
  // The section under the upper edge of the window is the one being read.
  const sections = [...document.querySelectorAll("main section")], there = new Set();
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries) there[entry.isIntersecting ? "add" : "delete"](entry.target);
    const link = links.get(sections.find(section => there.has(section))?.id);
    if (!link) return;
    navigation.querySelector("[aria-current]")?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    if (!navigation.hidden) show(link);
  }, { rootMargin: "-40px 0px -88% 0px" });
  for (const section of sections) seen.observe(section);
})();
