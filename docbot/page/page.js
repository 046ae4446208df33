
"use strict";
(() => {
  const PAGE = 100;
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const filter = byId("filter");
  const boxes = [...document.querySelectorAll("#states input")];

  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const breakable = (element, path) => {
    path.split(/(?<=\/)/).forEach((part) => element.append(part, document.createElement("wbr")));
    return element;
  };
  const percentOf = (file) => {
    const total = file[1] + file[2];
    return total ? Math.floor((1000 * file[1]) / total) / 10 : 100;
  };

  const fileRow = (file) => {
    const row = make("tr");
    const name = make("th");
    name.scope = "row";
    const link = breakable(make("button", "link"), file[0]);
    link.type = "button";
    link.dataset.path = file[0];
    name.append(link);
    const share = make("td", "share");
    const bar = make("span", "bar");
    bar.style.cssText = "display:inline-block;background:var(--empty)";
    const full = make("i");
    full.style.cssText = "display:block;height:100%;background:var(--full)";
    full.style.width = percentOf(file) + "%";
    bar.append(full);
    share.append(bar, make("span", "", percentOf(file).toFixed(1) + " %"));
    row.append(name, share, ...[1, 2, 3].map((at) => make("td", "number", String(file[at]))));
    return row;
  };

  const gapRow = (gap) => {
    const [at, line, kind, qualname, signature, state, note, sentence, probability] = gap;
    const row = make("tr");
    const where = make("td", "where");
    where.append(breakable(make("bdi"), data.files[at][0]), make("span", "line", ":" + line));
    const chip = make("td");
    chip.append(make("span", "chip " + state, state));
    const what = make("td");
    what.append(make("div", "signature", signature || [kind, qualname].join(" ").trim()));
    const owner = qualname.slice(0, qualname.lastIndexOf(".") + 1);
    if (owner && signature) what.append(make("p", "reason", "in " + owner.slice(0, -1)));
    if (sentence) what.append(make("p", "sentence", sentence));
    if (note) what.append(make("p", "reason", note));
    row.append(where, chip, what);
    if (byId("list").tHead.rows[0].cells.length > 3) {
      const sure = make("td", "number");
      if (probability !== null) {
        sure.textContent = probability.toFixed(2);
        const bar = make("span", "sure");
        const full = make("i");
        full.style.width = 100 * probability + "%";
        bar.append(full);
        sure.append(bar);
      }
      row.append(sure);
    }
    return row;
  };

  const inOrder = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const tables = {
    files: {
      table: byId("files"), row: fileRow, rows: data.files, sort: 3, down: true, most: 20,
      keys: [(file) => file[0], percentOf, (file) => file[1], (file) => file[2], (file) => file[3]],
      unit: "file",
    },
    gaps: {
      table: byId("list"), row: gapRow, rows: data.gaps, sort: 0, down: false, most: PAGE,
      keys: [
        (gap) => gap[0] * 1e7 + gap[1], (gap) => gap[5], (gap) => gap[3],
        (gap) => (gap[8] === null ? -1 : gap[8]),
      ],
      unit: "definition",
    },
  };

  const wanted = () => {
    const text = filter.value.trim().toLowerCase();
    const states = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const has = (...texts) => !text || texts.some((each) => each.toLowerCase().includes(text));
    return {
      files: (file) => has(file[0]),
      gaps: (gap) => states.has(gap[5]) && has(data.files[gap[0]][0] + ":" + gap[1], gap[3], gap[4]),
    };
  };

  const draw = (name) => {
    const one = tables[name];
    const rows = one.rows.filter(wanted()[name]);
    const key = one.keys[one.sort];
    const sign = one.down ? -1 : 1;
    rows.sort((a, b) => sign * inOrder(key(a), key(b)));
    one.table.tBodies[0].replaceChildren(...rows.slice(0, one.most).map(one.row));
    [...one.table.tHead.rows[0].cells].forEach((cell, at) => {
      if (at === one.sort) cell.setAttribute("aria-sort", one.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    const number = rows.length.toLocaleString("en");
    const some = rows.length > one.most ? ", " + one.most + " shown" : "";
    byId(name + "-count").textContent = number + " " + one.unit + (rows.length === 1 ? "" : "s") + some;
    document.querySelector(`.more[data-of="${name}"]`).hidden = rows.length <= one.most;
  };
  const drawAll = () => Object.keys(tables).forEach(draw);

  for (const [name, one] of Object.entries(tables)) {
    [...one.table.tHead.querySelectorAll("button")].forEach((button, at) => {
      button.addEventListener("click", () => {
        one.down = one.sort === at ? !one.down : at > 0 && !(name === "gaps" && at < 3);
        one.sort = at;
        draw(name);
      });
    });
    document.querySelector(`.more[data-of="${name}"]`).addEventListener("click", () => {
      one.most += PAGE;
      draw(name);
    });
  }
  const look = (path) => {
    filter.value = path;
    drawAll();
  };
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-path]");
    if (!place) return;
    look(place.dataset.path);
    if (!place.matches("a")) byId("gaps").scrollIntoView({ block: "start" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== filter) {
      event.preventDefault();
      filter.focus();
    } else if (event.key === "Escape" && filter.value) {
      look("");
    }
  });
  filter.addEventListener("input", drawAll);
  boxes.forEach((box) => box.addEventListener("change", () => draw("gaps")));

  const theme = byId("theme");
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const nameTheme = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameTheme);
  nameTheme();
  document.querySelectorAll("#theme, #controls, .scripted").forEach((each) => {
    each.hidden = false;
  });
  if (!data.gaps.length) byId("gaps").hidden = true;
  drawAll();
})();
