// Keeps this issue for reading without a network: worker.js does it. Only where the page is at
// home, so that no copy, preview or test server keeps an old page; and not for readers who have
// asked to be spared data.
(() => {
  const home = document.querySelector('link[rel="canonical"]');
  const here = location.origin + location.pathname;
  const spare = navigator.connection && navigator.connection.saveData;
  if (!home || home.href !== here || spare || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("worker.js", { scope: "./" }).catch(() => {
    // a browser that refuses (private window, full disk) still shows the page
  });
})();
