(() => {
  "use strict";
  const SECONDS = 5;
  const AGAIN = `Refreshes every ${SECONDS} s`;
  const ANOTHER = "Another process answers than before";
  const SEVERAL = "Several processes answer in turn: each tells of itself";
  const asked = document.getElementById("asked");
  const pause = document.getElementById("pause");
  const seen = new Set();
  let last = "";
  let who = AGAIN;
  let isPaused = false;
  let isAsking = false;

  const say = (text) => {
    // Screen readers say each change: none is made that says nothing new.
    if (asked.textContent !== text) asked.textContent = text;
  };

  const all = (within, what) => [...within.querySelectorAll(what)];

  const showFirst = (within) => {
    // Of a large graph, the first to start may stand far below the upper corner.
    all(within, ".picture").forEach((picture) => {
      const first = picture.querySelector("rect");
      const below = first ? first.getBoundingClientRect().top - picture.getBoundingClientRect().top : 0;
      picture.scrollTop = below - picture.clientHeight / 2;
    });
  };

  const renew = (old, fresh) => {
    const open = new Set(all(old, "details[open]").map((one) => one.id));
    all(fresh, "details").forEach((one) => { one.open = open.has(one.id); });
    // What is selected or has the focus stays, unless there is something new.
    if (old.isEqualNode(fresh)) return;
    const scrolled = all(old, ".scroll").map((one) => [one.scrollLeft, one.scrollTop]);
    const focus = all(old, "summary, .scroll").indexOf(document.activeElement);
    old.replaceWith(fresh);
    all(fresh, ".scroll").forEach((one, place) => {
      [one.scrollLeft, one.scrollTop] = scrolled[place] || [0, 0];
    });
    const again = all(fresh, "summary, .scroll")[focus];
    if (again) again.focus({ preventScroll: true });
  };

  const hear = (page) => {
    const pid = page.querySelector("#lifespans-pid").textContent;
    if (pid === last) return;
    if (seen.size) who = seen.has(pid) ? SEVERAL : ANOTHER;
    seen.add(pid);
    last = pid;
  };

  const show = (text) => {
    const made = new DOMParser().parseFromString(text, "text/html");
    const news = made.querySelector(".lifespans-status");
    const shown = document.querySelector(".lifespans-status");
    if (!news) {
      stale("The answer is another page: reload this one");
      return;
    }
    hear(news);
    document.body.classList.remove("stale");
    const parts = (page) => all(page, "[data-fresh]");
    const names = (found) => found.map((one) => one.dataset.fresh).join();
    const [fresh, stale] = [parts(news), parts(shown)];
    document.title = made.title;
    if (names(fresh) === names(stale)) {
      stale.forEach((old, place) => renew(old, fresh[place]));
    } else {
      shown.replaceWith(news);
      showFirst(news);
    }
    say(who);
  };

  const stale = (why) => {
    const when = document.querySelector(".lifespans-status time").textContent;
    document.body.classList.add("stale");
    document.title = `Lifespans: ${why}`;
    say(`${why}. What stands below is of ${when}`);
  };

  const ask = async () => {
    if (isPaused || isAsking || document.hidden) return;
    isAsking = true;
    const options = { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(10000) };
    const answer = await fetch(location.href, options).catch(() => null);
    const text = answer && answer.ok ? await answer.text().catch(() => "") : "";
    isAsking = false;
    if (isPaused) return;
    if (!answer) stale("No answer: the server is stopped, or busy");
    else if (answer.type === "opaqueredirect") stale("You have to log in again: reload the page");
    else if (!answer.ok) stale(`The server answers with status ${answer.status}`);
    else show(text);
  };

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    say(isPaused ? "Paused" : who);
    ask();
  });
  document.addEventListener("visibilitychange", ask);
  pause.hidden = false;
  showFirst(document);
  hear(document);
  say(who);
  setInterval(ask, SECONDS * 1000);
})();
