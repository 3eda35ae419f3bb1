// The preview's page: shows what the server tells over /events, and changes only what changed.
"use strict";

const $ = (id) => document.getElementById(id);
const make = (tag, className = "", text = "") => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};

const VIEWS = { m: "magazine", f: "flatplan", e: "email", w: "web" };
const magazine = $("magazine");
const leaves = new Map(); // page number -> its leaf among the spreads
const cards = new Map(); // page number -> its card in the flatplan
const plan = make("ol", "plan");
$("flatplan").append(plan);

let shown = null;
let current = 1; // page in sight
let held = null; // page to return to after the window was resized
let dark = false;

// ---- pictures of pages ---------------------------------------------------------

/** Show a page's picture; the old one stays until the new one can be drawn. */
async function paint(leaf, page, width) {
  const wanted = `/pages/${page.digest}/${width}.jpg`;
  if (leaf.dataset.wanted === wanted) return;
  leaf.dataset.wanted = wanted;
  const picture = new Image();
  picture.src = wanted;
  try {
    await picture.decode();
  } catch {
    // it changed again meanwhile: the next state brings the right one
    if (leaf.dataset.wanted === wanted) delete leaf.dataset.wanted;
    return;
  }
  if (leaf.dataset.wanted !== wanted) return; // overtaken
  const image = leaf.querySelector("img");
  image.src = wanted;
  image.alt = `Page ${page.number}: ${titlesOn(page.number).map((t) => t.title).join("; ")}`;
  leaf.dataset.digest = page.digest;
}

const pixels = (leaf) =>
  Math.min(3000, Math.max(600, Math.ceil((leaf.clientWidth * devicePixelRatio) / 100) * 100));

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      target.dataset.near = isIntersecting;
      if (isIntersecting) refreshLeaf(target);
    }
  },
  { root: magazine, rootMargin: "100% 0px" },
);

function refreshLeaf(leaf) {
  const page = shown?.pages[leaf.dataset.page - 1];
  if (!page || leaf.dataset.near !== "true") return;
  // a page once shown large is not shown smaller again: it would only blur
  const width = Math.max(pixels(leaf), Number(leaf.dataset.width || 0));
  leaf.dataset.width = width;
  paint(leaf, page, width);
}

function newLeaf(number) {
  const leaf = make("div", "leaf");
  leaf.dataset.page = number;
  const image = new Image();
  image.alt = "";
  leaf.append(image);
  return leaf;
}

/** The pages that lie open together: the cover alone, then in pairs. */
function spreadsOf(count) {
  const spreads = count ? [[1]] : [];
  for (let page = 2; page <= count; page += 2) {
    spreads.push(page + 1 <= count ? [page, page + 1] : [page]);
  }
  return spreads;
}

function layOut(count) {
  for (const [number, leaf] of leaves) {
    if (number > count) {
      near.unobserve(leaf);
      leaves.delete(number);
      cards.delete(number);
    }
  }
  for (let number = 1; number <= count; number++) {
    if (leaves.has(number)) continue;
    const leaf = newLeaf(number);
    leaves.set(number, leaf);
    near.observe(leaf);
    cards.set(number, newCard(number));
  }
  const top = magazine.scrollTop;
  const spreads = spreadsOf(count);
  magazine.replaceChildren(
    ...spreads.map((pages) => {
      const spread = make("div", pages.length > 1 ? "spread pair" : "spread");
      spread.append(...pages.map((page) => leaves.get(page)));
      return spread;
    }),
  );
  plan.replaceChildren(
    ...spreads.map((pages) => {
      const item = make("li", pages.length > 1 ? "pair" : "");
      item.append(...pages.map((page) => cards.get(page)));
      return item;
    }),
  );
  magazine.scrollTop = top;
}

function showPages() {
  const { pages } = shown;
  if (!pages.length) {
    const text = shown.busy ? "Making the first pages …" : "There are no pages to show yet.";
    magazine.replaceChildren(make("p", "nothing", text));
    plan.replaceChildren();
    leaves.clear();
    cards.clear();
    return;
  }
  document.documentElement.style.setProperty("--ratio", pages[0].width / pages[0].height);
  if (leaves.size !== pages.length || !magazine.querySelector(".spread")) {
    const first = !leaves.size;
    layOut(pages.length);
    if (first) goTo(Number(location.hash.match(/page-(\d+)/)?.[1] || 1));
  }
  for (const page of pages) {
    refreshLeaf(leaves.get(page.number));
    fillCard(cards.get(page.number), page);
  }
  whereAmI();
}

// ---- flatplan ------------------------------------------------------------------

/** What begins on a page, or goes on there. */
function titlesOn(number) {
  const begins = shown.stories.filter((story) => story.page === number);
  if (begins.length) return begins;
  const before = shown.stories.filter((story) => story.page < number);
  const last = before[before.length - 1];
  return last && last.kind !== "part" ? [{ ...last, goesOn: true }] : [];
}

function newCard(number) {
  const card = make("button", "card");
  card.type = "button";
  const label = make("span", "label");
  label.append(make("span", "folio", String(number)), make("span", "what"));
  card.append(newLeaf(number), make("span", "tint"), label);
  card.addEventListener("click", () => {
    look("magazine");
    goTo(number);
  });
  return card;
}

const LINES = 3; // titles a card has room for

function fillCard(card, page) {
  const titles = titlesOn(page.number);
  const colour = titles.find((story) => story.colour)?.colour || "transparent";
  card.style.setProperty("--colour", colour);
  const few = titles.length > LINES + 1 ? titles.slice(0, LINES) : titles;
  const lines = few.map((story) =>
    make("bdi", story.goesOn ? "on" : "", story.goesOn ? "goes on" : story.title),
  );
  if (titles.length > few.length) lines.push(make("span", "on", `and ${titles.length - few.length} more`));
  const parts = [...new Set(titles.map((story) => story.section).filter(Boolean))];
  if (parts.length) lines.push(make("span", "part", parts.slice(0, 2).join(", ") + (parts.length > 2 ? " …" : "")));
  const bad = shown.problems.filter((problem) => pageOf(problem) === page.number).length;
  if (bad) lines.push(make("span", "bad", `${bad} to look at`));
  card.querySelector(".what").replaceChildren(...lines);
  card.classList.toggle("many", titles.length > 1);
  card.title = titles.map((story) => story.title).join("\n");
  paint(card.querySelector(".leaf"), page, 600);
}

/** Where to look for a problem: its page, or where its article begins. */
const pageOf = (problem) =>
  problem.page ?? shown.stories.find((story) => story.slug && story.slug === problem.article)?.page;

// ---- turning pages -------------------------------------------------------------

function spreadInSight() {
  const middle = magazine.scrollTop + magazine.clientHeight / 2;
  const spreads = [...magazine.querySelectorAll(".spread")];
  const at = spreads.findIndex((spread) => spread.offsetTop + spread.offsetHeight >= middle);
  return { spreads, at: at < 0 ? spreads.length - 1 : at };
}

function whereAmI() {
  if (held !== null) return; // the window is being resized: we stay where we were
  const { spreads, at } = spreadInSight();
  if (at < 0) return;
  const pages = [...spreads[at].querySelectorAll(".leaf")].map((leaf) => Number(leaf.dataset.page));
  current = pages[0];
  $("folio").textContent = `${pages.join("–")} of ${shown.pages.length}`;
  for (const [number, card] of cards) card.toggleAttribute("aria-current", pages.includes(number));
  if (document.body.dataset.view === "magazine") {
    history.replaceState(null, "", `#page-${current}`);
  }
}

function goTo(number, smooth = false) {
  const leaf = leaves.get(Math.min(Math.max(number, 1), leaves.size));
  if (!leaf) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const room = magazine.clientHeight - leaf.offsetHeight;
  magazine.scrollTo({
    top: leaf.offsetTop - Math.max(12, Math.min(room / 2, 24)),
    behavior: smooth && !still ? "smooth" : "instant",
  });
}

function turn(step) {
  const { spreads, at } = spreadInSight();
  const next = spreads[Math.min(Math.max((turning ?? at) + step, 0), spreads.length - 1)];
  if (!next) return;
  turning = spreads.indexOf(next);
  goTo(Number(next.querySelector(".leaf").dataset.page), true);
}
let turning = null; // spread on the way to, while scrolling smoothly

magazine.addEventListener("scroll", () => requestAnimationFrame(whereAmI), { passive: true });
magazine.addEventListener("scrollend", () => { turning = null; });

function zoom() {
  const page = current;
  const wide = magazine.classList.toggle("wide");
  $("zoom").setAttribute("aria-pressed", wide);
  goTo(page);
  for (const leaf of leaves.values()) refreshLeaf(leaf);
}

// ---- e-mail and web ------------------------------------------------------------

/** Load an edition behind the one in sight, then change places: no flash, same scroll. */
function show(screen, address) {
  const glass = screen.querySelector(".glass");
  if (screen.dataset.address === address) return;
  screen.dataset.address = address;
  for (const late of glass.querySelectorAll("iframe.coming")) late.remove();
  const frame = make("iframe", "coming");
  // same origin, so that we may measure and scroll it; no scripts run inside
  frame.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  frame.title = screen.querySelector("figcaption").textContent;
  frame.addEventListener("load", async () => {
    if (!frame.classList.contains("coming")) return; // a link inside was followed
    const inner = frame.contentDocument;
    await inner.fonts.ready; // or it would grow after it was scrolled
    if (!frame.isConnected) return; // overtaken
    const old = glass.querySelector("iframe:not(.coming)");
    if (!("tall" in screen.dataset)) {
      const fit = () => { frame.style.height = `${inner.documentElement.scrollHeight}px`; };
      fit();
      new ResizeObserver(fit).observe(inner.body);
    }
    if (old) frame.contentWindow.scrollTo({ top: old.contentWindow.scrollY, behavior: "instant" });
    frame.classList.remove("coming");
    old?.remove();
  });
  frame.src = address;
  glass.append(frame);
}

function showDocuments() {
  const digests = { email: shown.mail?.digest, web: shown.web };
  for (const screen of document.querySelectorAll(".screen[data-edition]")) {
    const { edition } = screen.dataset;
    screen.hidden = !digests[edition];
    // what is not looked at need not be loaded
    if (!digests[edition] || document.body.dataset.view !== edition) continue;
    show(screen, `/${edition}/${dark ? "dark" : "light"}/?${digests[edition]}`);
  }
  const { mail } = shown;
  $("inbox").hidden = !mail;
  document.querySelector(".plain").hidden = !mail;
  if (!mail) return;
  $("mail-from").textContent = mail.sender;
  $("mail-subject").textContent = mail.subject;
  $("mail-preheader").textContent = mail.preheader;
  $("mail-facts").textContent =
    `${(mail.size / 1000).toFixed(0)} KB of HTML; Gmail hides what is beyond 102 KB`;
  if ($("plain").textContent !== mail.text) $("plain").textContent = mail.text;
}

function toggleDark() {
  dark = !dark;
  document.body.classList.toggle("dark", dark);
  $("dark").setAttribute("aria-pressed", dark);
  showDocuments();
}

// ---- problems and state --------------------------------------------------------

const MM = 25.4 / 72; // of a point
const VIEW = { width: 72, height: 48 }; // millimetres of the page around a place, at least
const AROUND = 6;

const part = (of, whole) => `${(of / whole) * 100}%`;

/** A frame around a place, in parts of a box that shows `view` of the page. */
function frameOf(spot, view) {
  const frame = make("span", "frame");
  const margin = 1.2;
  frame.style.left = part(spot.x - margin - view.x, view.width);
  frame.style.top = part(spot.y - margin - view.y, view.height);
  frame.style.width = part(spot.width + 2 * margin, view.width);
  frame.style.height = part(spot.height + 2 * margin, view.height);
  return frame;
}

/** A small picture of a place on its page, or of the whole page. */
function thumb(page, spot) {
  const size = { width: page.width * MM, height: page.height * MM };
  const box = make("span", spot ? "thumb" : "thumb whole");
  const image = new Image();
  image.alt = "";
  image.loading = "lazy";
  box.append(image);
  if (!spot) {
    image.src = `/pages/${page.digest}/600.jpg`;
    return box;
  }
  const ratio = VIEW.width / VIEW.height;
  const width = Math.min(
    size.width,
    Math.max(VIEW.width, spot.width + 2 * AROUND, (spot.height + 2 * AROUND) * ratio),
  );
  const height = Math.min(width / ratio, size.height);
  const within = (middle, length, whole) => Math.min(Math.max(middle - length / 2, 0), whole - length);
  const view = {
    width,
    height,
    x: within(spot.x + spot.width / 2, width, size.width),
    y: within(spot.y + spot.height / 2, height, size.height),
  };
  const pixels = Math.ceil(((324 * size.width) / width) * devicePixelRatio / 100) * 100;
  image.src = `/pages/${page.digest}/${Math.min(1500, Math.max(600, pixels))}.jpg`;
  image.style.width = part(size.width, width);
  image.style.left = part(-view.x, width);
  image.style.top = part(-view.y, height);
  box.append(frameOf(spot, view));
  return box;
}

/** Frame a problem's place on its page among the spreads, until another one is pointed at. */
function point(number, page, spot) {
  for (const old of magazine.querySelectorAll(".frame")) old.remove();
  if (!spot) return;
  const whole = { x: 0, y: 0, width: page.width * MM, height: page.height * MM };
  leaves.get(number)?.append(frameOf(spot, whole));
}

function showProblems() {
  $("links").textContent = shown.links;
  $("ask").disabled = shown.asking;
  const { problems, stories } = shown;
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const count = $("count");
  count.textContent = problems.length ? `${problems.length} to look at` : "All clear";
  count.dataset.errors = errors > 0;
  const items = problems.map((problem) => {
    const item = make("li", problem.severity);
    const button = make("button");
    button.type = "button";
    const story = problem.article && stories.find((one) => one.slug === problem.article);
    const page = pageOf(problem);
    const place = make("span", "where");
    const spot = problem.spot?.edition === "magazine" ? problem.spot : null;
    const other = problem.spot && !spot ? `${problem.spot.edition} ` : "";
    for (const text of [problem.source, story?.title ?? problem.article, page && `${other}page ${page}`]) {
      if (text) place.append(place.childNodes.length ? ", " : "", make("bdi", "", text));
    }
    button.append(
      make("span", "mark", problem.severity === "error" ? "Error. " : "Warning. "),
      make("bdi", "", problem.message),
      place,
    );
    const sheet = !other && shown.pages[page - 1];
    if (sheet) button.append(thumb(sheet, spot));
    button.disabled = !sheet;
    button.addEventListener("click", () => {
      look("magazine");
      goTo(page, true);
      point(page, sheet, spot);
    });
    item.append(button);
    return item;
  });
  $("list").replaceChildren(...(items.length ? items : [make("li", "fine", "Nothing: well done.")]));
}

function showStatus() {
  const status = $("status");
  status.dataset.busy = shown.busy;
  status.dataset.lost = false;
  const files = shown.changed.slice(0, 2).join(", ") + (shown.changed.length > 2 ? " …" : "");
  if (shown.busy) {
    status.textContent = shown.pages.length ? `Refreshing${files && ` after ${files}`} …` : "Making the first pages …";
  } else {
    status.textContent = `Refreshed in ${shown.seconds.toFixed(1)} s${files && ` · ${files}`}`;
  }
  const date = shown.date && new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" })
    .format(new Date(`${shown.date}T00:00:00Z`));
  $("name").textContent = shown.title;
  $("issue").textContent = [shown.number && `No ${shown.number}`, shown.week, date].filter(Boolean).join(" · ");
  document.body.dataset.direction = shown.direction;
  const errors = $("errors");
  errors.hidden = !shown.errors.length;
  errors.replaceChildren(
    ...shown.errors.map((text, n) => {
      const line = make("p");
      if (!n) line.append(make("b", "", "The last good state is shown."));
      line.append(text);
      return line;
    }),
  );
  const pdf = $("pdf");
  pdf.hidden = !shown.pdf;
  if (shown.pdf) {
    pdf.href = `/magazine/${encodeURIComponent(shown.pdf)}`;
    pdf.textContent = `PDF, ${(shown.pdf_bytes / 1e6).toFixed(1)} MB`;
  }
}

function take(state) {
  shown = state;
  showStatus();
  showPages();
  showProblems();
  showDocuments();
}

function look(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll(".views button")) {
    button.toggleAttribute("aria-current", button.dataset.view === view);
  }
  for (const section of document.querySelectorAll(".view")) {
    section.inert = section.dataset.name !== view;
  }
  $(view).focus({ preventScroll: true });
  if (view === "flatplan") {
    document.querySelector(".card[aria-current]")?.scrollIntoView({ block: "nearest" });
  }
  if (view !== "magazine") history.replaceState(null, "", `#${view}`);
  if (shown) {
    showDocuments();
    whereAmI();
  }
}

function toggleProblems() {
  const panel = $("problems");
  const page = current;
  panel.hidden = !panel.hidden;
  $("count").setAttribute("aria-expanded", !panel.hidden);
  goTo(page);
}

// ---- hands ---------------------------------------------------------------------

for (const button of document.querySelectorAll(".views button")) {
  button.addEventListener("click", () => look(button.dataset.view));
}
$("back").addEventListener("click", () => turn(-1));
$("on").addEventListener("click", () => turn(1));
$("zoom").addEventListener("click", zoom);
$("dark").addEventListener("click", toggleDark);
$("count").addEventListener("click", toggleProblems);
$("ask").addEventListener("click", () => {
  $("ask").disabled = true;
  fetch("/links", { method: "POST" }).catch(() => { $("ask").disabled = false; });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event;
  const magazineInSight = document.body.dataset.view === "magazine";
  const forward = shown?.direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  if (magazineInSight && (key === "ArrowRight" || key === "ArrowLeft")) turn(key === forward ? 1 : -1);
  else if (magazineInSight && key === "z") zoom();
  else if (key === "f" && document.body.dataset.view === "flatplan") look("magazine");
  else if (VIEWS[key]) look(VIEWS[key]);
  else if (key === "p") toggleProblems();
  else if (key === "d" && ["email", "web"].includes(document.body.dataset.view)) toggleDark();
  else return;
  event.preventDefault();
});

let settling;
addEventListener("resize", () => {
  held ??= current;
  clearTimeout(settling);
  settling = setTimeout(() => {
    goTo(held);
    held = null;
    whereAmI();
    for (const leaf of leaves.values()) refreshLeaf(leaf);
  }, 120);
});

for (const screen of document.querySelectorAll(".screen[data-width]")) {
  screen.querySelector(".glass").style.setProperty("--wide", `${screen.dataset.width}px`);
}
const events = new EventSource("/events");
events.addEventListener("message", (event) => take(JSON.parse(event.data)));
events.addEventListener("error", () => {
  $("status").dataset.lost = true;
  $("status").textContent = "The preview was stopped; waiting for it …";
});
look(Object.values(VIEWS).find((view) => location.hash === `#${view}`) || "magazine");
