// Looks at docs/compat-matrix.html: every script of the test may call these.

// What is promised, if it comes soon, as text: the driver copies large values slowly.
async function told(promise) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("it did not happen")), 30_000));
  return JSON.stringify((await Promise.race([promise, late])) ?? null);
}

// Comes when all of the page is there.
function loaded() {
  if (document.readyState === "complete") return null;
  return new Promise((resolve) => addEventListener("load", () => resolve(), { once: true }));
}

function cells() {
  return [...document.querySelectorAll("tbody td button")];
}

function texts(selector, within = document) {
  return [...within.querySelectorAll(selector)].map((it) => it.textContent.trim());
}

function table() {
  return {
    kinds: texts("thead th").slice(1),
    operations: texts("tbody tr:not(.group) > th"),
    // By row and column, so that a missing cell is not made up for by one too many elsewhere.
    cells: [...document.querySelectorAll("tbody tr:not(.group)")].map((row) =>
      [...row.querySelectorAll("td")].map((cell) => cell.querySelectorAll("button").length)),
    ids: cells().map((cell) => cell.getAttribute("popovertarget")),
  };
}

// Lays out every nth sheet as if it were open, which is faster than to open each where only their places matter.
function layOutSheets(n) {
  const sheets = cells().filter((_, i) => i % n === 0).map((cell) => cell.popoverTargetElement);
  for (const sheet of sheets) sheet.style.display = "block";
  return sheets;
}

// What the sheet of each cell says, each opened by a click of the script's own.
function sheets() {
  const { kinds } = table();
  const all = [...document.querySelectorAll("[popover]")];
  return cells().map((cell) => {
    cell.click();
    const sheet = cell.popoverTargetElement;
    const seen = {
      operation: cell.closest("tr").querySelector("th").textContent,
      kind: kinds[cell.closest("td").cellIndex - 1],
      n_open: all.filter((it) => it.matches(":popover-open")).length,
      is_open: isOpen(sheet.id),
      title: sheet.querySelector("h2").textContent,
      about: texts("h2 + p b", sheet).join(),
      empty: [...sheet.querySelectorAll("*")].filter((it) => it.textContent.trim() === "").map((it) => it.outerHTML),
      terms: [...sheet.querySelectorAll("dt")].map((term) => ({
        name: term.textContent,
        text: term.nextElementSibling.textContent,
        lines: texts("p", term.nextElementSibling),
      })),
    };
    sheet.hidePopover();
    return seen;
  });
}

// The middle of an element that is scrolled to, if nothing covers it.
function middle(selector) {
  const it = document.querySelector(selector);
  it.scrollIntoView({ block: "nearest", inline: "nearest" });
  const { left, right, top, bottom } = it.getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const hit = document.elementFromPoint(x, y);
  if (!it.contains(hit)) throw new Error(`${selector} is covered by ${hit?.outerHTML.slice(0, 80)}`);
  return [x, y];
}

function isOpen(id) {
  return document.getElementById(id).matches(":popover-open");
}

// The id of the cell that has the focus, or the name of what has it instead.
function focused() {
  const it = document.activeElement;
  return it.matches("td button") ? it.getAttribute("popovertarget") : it.tagName;
}

// Whether nothing covers what has the focus: its middle, and near its corners.
function isInSight() {
  const it = document.activeElement;
  const { left, right, top, bottom } = it.getBoundingClientRect();
  const points = [[(left + right) / 2, (top + bottom) / 2]];
  for (const x of [left + 4, right - 4]) for (const y of [top + 4, bottom - 4]) points.push([x, y]);
  return points.every(([x, y]) => it.contains(document.elementFromPoint(x, y)));
}

// The first of these cells that cannot be seen when it gets the focus.
function firstOutOfSight(ids) {
  return ids.find((id) => {
    document.querySelector(`td [popovertarget=${id}]`).focus();
    return !isInSight();
  });
}

function signs() {
  return cells().map((cell) => ({
    python: cell.firstChild.textContent,
    here: cell.querySelector("span").textContent,
    class: cell.className,
    opacity: Number(getComputedStyle(cell).opacity),
  }));
}

function filters() {
  return [...document.querySelectorAll(".filters label")].map((label) => ({
    id: label.querySelector("input").id,
    label: label.textContent.trim(),
  }));
}

// Shows what is folded.
function unfold() {
  for (const it of document.querySelectorAll("details")) it.open = true;
}

// Remembers when the sheet is opened or closed: `await window.toggled`.
function watch(id) {
  window.toggled = new Promise((resolve) =>
    document.getElementById(id).addEventListener("toggle", (event) => resolve(event.newState), { once: true }));
}

function sideways() {
  unfold();
  const outside = [...document.querySelectorAll("body *")].filter((it) =>
    !it.closest(".wide table") && it.getBoundingClientRect().right > innerWidth + 0.5);
  const region = document.querySelector(".wide");
  scrollBy({ left: 500, behavior: "instant" });
  return {
    width: innerWidth,
    needed: document.documentElement.scrollWidth,
    moved: scrolled().page,
    outside: outside.map((it) => it.outerHTML.slice(0, 80)),
    is_table_wider: region.scrollWidth > region.clientWidth,
  };
}

// Remembers when the table has been scrolled: `await window.scrollEnds`.
function watchScrolling() {
  window.scrollEnds = new Promise((resolve) =>
    document.querySelector(".wide").addEventListener("scrollend", () => resolve(), { once: true }));
}

function scrolled() {
  return {
    page: Math.max(scrollX, visualViewport.pageLeft, visualViewport.offsetLeft),
    table: document.querySelector(".wide").scrollLeft,
  };
}

// Whether no part of a sheet is out of the screen, and it need not be scrolled sideways.
function fits(sheet) {
  const isIn = (it) => {
    const { left, right, top, bottom } = it.getBoundingClientRect();
    return left >= -0.5 && top >= -0.5 && right <= innerWidth + 0.5 && bottom <= innerHeight + 0.5;
  };
  return sheet.checkVisibility() && sheet.scrollWidth <= sheet.clientWidth && isIn(sheet) && isIn(sheet.querySelector(".close"));
}

// What a finger aims at, with its height.
function targets() {
  unfold();
  layOutSheets(50);
  const all = document.querySelectorAll("button, label, a, select, summary, input:not(label input)");
  return [...all].filter((it) => it.checkVisibility()).map((it) => ({ what: it.outerHTML.slice(0, 80), height: it.getBoundingClientRect().height }));
}

// The text that is to be read, each with the ratio of its colour to what is behind it: three cells of each class, one of
// their sheets, and all that is not a cell.
function contrasts() {
  unfold();
  const ofClass = Map.groupBy(cells(), (cell) => cell.className);
  const found = [];
  const add = (what, roots) => {
    for (const root of roots)
      for (const it of [root, ...root.querySelectorAll("*")])
        if ([...it.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim()))
          found.push({ what: `${what} ${it.tagName} ${it.className}`, ratio: ratio(it) });
  };
  add("page", document.querySelectorAll("header, th"));
  for (const [name, [...members]] of ofClass) {
    add(`cell ${name}`, members.slice(0, 3));
    members[0].click();
    add(`sheet of ${name}`, [members[0].popoverTargetElement]);
    members[0].popoverTargetElement.hidePopover();
  }
  const paper = luminance(behind(document.body));
  return { classes: [...ofClass.keys()], found, paper };
}

function ratio(element) {
  const paper = behind(element);
  const ink = over(faded(rgba(getComputedStyle(element).color), element), paper);
  const [dark, light] = [luminance(ink), luminance(paper)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

// The colour behind an element's text.
function behind(element) {
  const around = [];
  for (let it = element; it; it = it.parentElement) around.unshift(it);
  return around.reduce((paper, it) => over(faded(rgba(getComputedStyle(it).backgroundColor), it), paper), [255, 255, 255, 1]);
}

// Less of a colour for each translucent element around.
function faded([r, g, b, alpha], element) {
  for (let it = element; it; it = it.parentElement) alpha *= Number(getComputedStyle(it).opacity);
  return [r, g, b, alpha];
}

function over([r, g, b, alpha], paper) {
  return [r, g, b].map((part, i) => part * alpha + paper[i] * (1 - alpha)).concat(1);
}

function rgba(color) {
  const found = color.match(/^rgba?\(([^)]*)\)$/);
  if (!found) throw new Error(`no colour that is understood: ${color}`);
  const [r, g, b, alpha = 1] = found[1].split(/[\s,/]+/).map(Number);
  return [r, g, b, alpha];
}

function luminance(color) {
  const [r, g, b] = color.slice(0, 3).map((part) => {
    const of1 = part / 255;
    return of1 <= 0.04045 ? of1 / 12.92 : ((of1 + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
