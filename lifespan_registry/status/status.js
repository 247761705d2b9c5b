(() => {
  "use strict";
  const SECONDS = 5;
  const asked = document.getElementById("asked");
  const pause = document.getElementById("pause");
  let isPaused = false;
  let isAsking = false;

  const say = (text) => {
    // Screen readers say each change: none is made that says nothing new.
    if (asked.textContent !== text) asked.textContent = text;
  };

  const showFirst = (within) => {
    // Of a large graph, the first to start may stand far below the upper corner.
    within.querySelectorAll(".picture").forEach((picture) => {
      const first = picture.querySelector("rect");
      const below = first ? first.getBoundingClientRect().top - picture.getBoundingClientRect().top : 0;
      picture.scrollTop = below - picture.clientHeight / 2;
    });
  };

  const renew = (old, fresh) => {
    old.querySelectorAll("details[open]").forEach((one) => {
      const same = fresh.querySelector(`#${one.id}`);
      if (same) same.open = true;
    });
    // What is selected or has the focus stays, unless there is something new.
    if (old.isEqualNode(fresh)) return;
    const scrolled = [...old.querySelectorAll(".scroll")].map((one) => [one.scrollLeft, one.scrollTop]);
    old.replaceWith(fresh);
    fresh.querySelectorAll(".scroll").forEach((one, place) => {
      [one.scrollLeft, one.scrollTop] = scrolled[place] || [0, 0];
    });
  };

  const show = (text) => {
    const made = new DOMParser().parseFromString(text, "text/html");
    const news = made.querySelector(".lifespans-status");
    const shown = document.querySelector(".lifespans-status");
    if (!news) return false;
    const parts = (page) => [...page.querySelectorAll("[data-fresh]")];
    const names = (found) => found.map((one) => one.dataset.fresh).join();
    const pid = (page) => page.querySelector("#lifespans-pid").textContent;
    const [fresh, stale] = [parts(news), parts(shown)];
    const isAnother = pid(news) !== pid(shown);
    document.title = made.title;
    if (names(fresh) === names(stale)) {
      stale.forEach((old, place) => renew(old, fresh[place]));
    } else {
      shown.replaceWith(news);
      showFirst(news);
    }
    say(isAnother ? "Another worker has answered than before" : `Asks again every ${SECONDS} s`);
    return true;
  };

  const fetched = async () => {
    const options = { signal: AbortSignal.timeout(10000), cache: "no-store" };
    try {
      const answer = await fetch(location.href, options);
      return answer.ok && !answer.redirected ? await answer.text() : "";
    } catch {
      return null;
    }
  };

  const ask = async () => {
    if (isPaused || isAsking || document.hidden) return;
    isAsking = true;
    const text = await fetched();
    isAsking = false;
    if (text === null) say("No answer: the server is stopped, or busy. It is asked again");
    else if (!show(text)) say("The answer is another page: reload, you may have to log in again");
  };

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    say(isPaused ? "Is not asking" : `Asks again every ${SECONDS} s`);
    ask();
  });
  document.addEventListener("visibilitychange", ask);
  pause.hidden = false;
  showFirst(document);
  say(`Asks again every ${SECONDS} s`);
  setInterval(ask, SECONDS * 1000);
})();
