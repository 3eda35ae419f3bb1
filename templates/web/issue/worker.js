// The service worker of one issue: it keeps the page with its type and its small pictures, and
// answers from what it kept when the network does not. It sees nothing outside its issue.
"use strict";
const PAGE = {{ page|tojson }};
const PICTURES = {{ pictures|tojson }};
// large picture -> the small one that is kept
const STAND_IN = {{ stand_in|tojson }};
const HOME = self.registration.scope;
const STORE = `${HOME}|{{ version }}`;
const whole = (path) => new URL(path, HOME).href;
const KNOWN = new Map([...PAGE, ...PICTURES].map((path) => [whole(path), whole(path)]));
for (const [large, small] of Object.entries(STAND_IN)) KNOWN.set(whole(large), whole(small));

async function keep() {
  const store = await caches.open(STORE);
  const fresh = (path) => new Request(whole(path), { cache: "no-cache" });
  await store.addAll(PAGE.map(fresh));
  // a picture that fails must not cost the reader the text
  await Promise.allSettled(PICTURES.map((path) => store.add(fresh(path))));
  await self.skipWaiting();
}

async function tidy() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(`${HOME}|`) && name !== STORE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(address) {
  const store = await caches.open(STORE);
  return store.match(address);
}

async function answer(request, address) {
  const picture = address.startsWith(whole("pictures/"));
  // pictures are named after their content, so the one that was kept is right
  if (picture && KNOWN.get(address) === address) {
    const found = await kept(address);
    if (found) return found;
  }
  try {
    return await fetch(request);
  } catch (lost) {
    const found = await kept(KNOWN.get(address));
    if (found) return found;
    throw lost;
  }
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  // the page is the same whatever a link adds to its address
  const address = event.request.mode === "navigate" ? url.origin + url.pathname : url.href;
  if (event.request.method !== "GET" || !KNOWN.has(address)) return;
  event.respondWith(answer(event.request, address));
});
