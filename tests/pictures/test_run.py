"""The pictures of a run: waterfalls, progress."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import pytest

from lifespan_registry import Registry
from lifespan_registry._core.report import Report, Status
from lifespan_registry.pictures import bars, progress, waterfall
from lifespan_registry.pictures.text import Style
from lifespan_registry.pictures.timeline import Span, Timeline, notes, of_report
from tests.pictures.drawn import HOSTILE, add
from tests.pictures.runs import FAILED, SHOP, ZERO, one, report
from tests.tracked import tracked

SVG = "{http://www.w3.org/2000/svg}"


def timeline(run: Report, seconds: float = 10) -> Timeline:
    """Return the timeline of *run* so many seconds after its beginning."""
    return of_report(run, ZERO + dt.timedelta(seconds=seconds))


def spans(run: Report, seconds: float = 10) -> dict[str, tuple[object, object, str]]:
    """Return when each started and stopped, and what has become of it."""
    return {
        bar.name: (bar.start, bar.stop, bar.status)
        for bar in timeline(run, seconds).bars
    }


def test_timeline() -> None:
    """Start and stop each begin at 0, however long the run was up."""
    assert spans(SHOP) == {
        "db": (Span(0, 0.4), Span(1.0, 1.1), "stopped"),
        "mail": (Span(0, 0.3), Span(0, 0.05), "stopped"),
        "search": (Span(0.4, 1.0), Span(0, 1.0), "stopped with an error"),
    }
    whole = timeline(SHOP)
    assert (whole.start, whole.stop) == (1.0, 1.1)
    assert [bar.is_critical for bar in whole.bars] == [True, False, True]
    assert [bar.has_failed for bar in whole.bars] == [False, False, True]


def test_timeline_of_a_failed_start() -> None:
    """What has not started has an end: when it failed, or was called off."""
    assert spans(FAILED) == {
        "db": (Span(0, 0.25), Span(0, 0.25), "stopped"),
        "mail": (Span(0, 0.5), None, "failed"),
        "slow": (Span(0, 0.6), None, "called off"),
        "search": (None, None, "waiting"),
    }


def test_timeline_of_what_goes_on() -> None:
    """What has no end yet goes on until now; a crash is no part of the stop."""
    run = report(
        one("db", (0, 1), (5, None), Status.STOPPING),
        one("mail", (0, 1), (2, 2.5), Status.CRASHED, error=OSError()),
        one("slow", (0, None), status=Status.STARTING),
    )
    assert spans(run, 6) == {
        "db": (Span(0, 1), Span(0, 1), "stopping"),
        "mail": (Span(0, 1), None, "crashed"),
        "slow": (Span(0, 6), None, "starting"),
    }


def test_gains() -> None:
    """Of one on the critical path, no more can be gained than what others leave."""
    assert timeline(SHOP).gains == {
        "search": pytest.approx(0.6),
        "db": pytest.approx(0.1),
    }
    assert list(notes(timeline(SHOP))) == [
        "critical path: db → search",
        "to be gained, at most: search 0.600 s, db 0.100 s",
    ]


def test_gain_of_nothing() -> None:
    """Two that are equally slow: a quicker one of them gains nothing."""
    run = report(one("a", (0, 1)), one("b", (0, 1)), path=("b",))
    assert list(notes(timeline(run))) == []


BARS = """\
      name       start                                      stop                   status
   1  db      ●  █████████████                     0.400 s  ··········██  0.100 s  stopped
   2  mail       ██████████                        0.300 s  █             0.050 s  stopped
   3  search  ●  ············████████████████████  0.600 s  ███████████   1.000 s  stopped with an error
critical path: db → search
to be gained, at most: search 0.600 s, db 0.100 s"""  # noqa: E501 - it is that wide


def test_bars() -> None:
    """Each has a row with two bars; dots are waiting, the mark is the critical path."""
    assert "\n".join(bars.draw(timeline(SHOP))) == BARS


def test_bars_of_a_failed_start() -> None:
    """What has not started has no bar, what has not stopped has none of that."""
    _, db, mail, slow, search = bars.draw(timeline(FAILED))
    assert db.split()[-4:] == ["████████████", "0.250", "s", "stopped"]
    assert mail.split()[-4:] == ["0.500", "s", "-", "failed"]
    assert slow.split()[-5:] == ["0.600", "s", "-", "called", "off"]
    assert search.split()[1:] == ["search", "-", "-", "waiting"]


def test_bars_of_nothing(registry: Registry) -> None:
    """Where nothing has run, there is no table."""
    assert list(bars.draw(timeline(report()))) == []
    add(registry, "db")
    assert list(bars.draw(timeline(registry.run().report))) == []


def test_colours_of_bars() -> None:
    """The names of the critical path stand out."""
    style = Style(name=lambda text: f"<{text}>", aside=lambda text: f"!{text}!")
    _, db, mail, *_ = bars.draw(timeline(SHOP), style)
    assert (db[6:14], mail[6:14]) == ("!db    !", "<mail  >")


def test_waterfall() -> None:
    """The picture has a bar for each start and stop, to scale; the critical are red."""
    root = ET.fromstring(waterfall.draw(timeline(SHOP)))
    found = {
        row.findtext(f"{SVG}title"): [
            (rect.get("class"), float(rect.get("width", 0)))
            for rect in row.iter(f"{SVG}rect")
        ]
        for row in root.iter(f"{SVG}g")
    }
    assert found == {
        "db": [("bar critical", 192), ("bar", 18.2)],
        "mail": [("bar", 144), ("bar", 9.1)],
        "search": [("bar critical", 288), ("bar", 181.8)],
    }
    kinds = [row.get("class") for row in root.iter(f"{SVG}g")]
    assert kinds == [None, None, "failed"]
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts[-2:] == list(notes(timeline(SHOP)))
    assert {"start, 1.000 s", "stop, 1.100 s", "0.5", "0.600 s", "stopped"} < {*texts}


def test_waterfall_of_a_failed_start() -> None:
    """What has never begun has a row without bars."""
    root = ET.fromstring(waterfall.draw(timeline(FAILED)))
    assert [len(list(row.iter(f"{SVG}rect"))) for row in root.iter(f"{SVG}g")] == [
        *(2, 1, 1, 0)
    ]


def test_waterfall_of_any_name() -> None:
    """Names are no markup, and nothing is drawn outside of the picture."""
    run = report(
        *(one(name, (place, place + 1)) for place, name in enumerate(HOSTILE)),
        path=HOSTILE,
    )
    text = waterfall.draw(timeline(run, 3000))
    root = ET.fromstring(text)
    assert [row.findtext(f"{SVG}title") for row in root.iter(f"{SVG}g")] == [*HOSTILE]
    assert text.isascii()
    width = float(root.get("width", 0))
    for words in root.iter(f"{SVG}text"):
        assert float(words.get("x", 0)) + float(words.get("textLength", 0)) < width


@pytest.mark.parametrize("seconds", [0.000003, 0.7, 59, 86_400])
def test_ticks(seconds: float) -> None:
    """However long it took, there are a few round marks."""
    root = ET.fromstring(waterfall.draw(timeline(report(one("db", (0, seconds))))))
    ticks = [line for line in root.iter(f"{SVG}line") if line.get("class") == "grid"]
    assert 2 <= len(ticks) <= 6


def test_waterfall_of_nothing() -> None:
    """An empty run is an empty picture."""
    root = ET.fromstring(waterfall.draw(timeline(report())))
    assert list(root.iter(f"{SVG}rect")) == []


UNDER_WAY = report(
    one("db", (0, 0.25)),
    one("mail", (0.25, None), status=Status.STARTING),
    one("search", status=Status.WAITING, waits_for=("db", "mail")),
    one("late", status=Status.WAITING, waits_for=("db",)),
    one("bad", (0, None), (None, 1), Status.FAILED),
    one("going", (0, 0.5), (1, None), Status.STOPPING),
    one("gone", (0, 0.5), (1, 1.5), Status.STOPPED),
    one("lost", (0, 0.5), (1, 1.5), Status.CRASHED),
)


def test_progress() -> None:
    """Each line says what its lifespan is doing, and for how long."""
    assert list(progress.lines(UNDER_WAY, ZERO + dt.timedelta(seconds=2), 8)) == [
        "  db      started in 0.250 s",
        "  mail    starting 1.8 s",
        "  search  waiting for mail",
        "  late    waiting",
        "  bad     failed",
        "  going   stopping 1.0 s",
        "  gone    stopped in 0.500 s",
        "  lost    crashed",
    ]


def test_progress_in_a_small_terminal() -> None:
    """Where there is no room for all, those are shown that do something."""
    now = ZERO + dt.timedelta(seconds=2)
    assert [line.split()[0:2] for line in progress.lines(UNDER_WAY, now, 4)] == [
        ["mail", "starting"],
        ["bad", "failed"],
        ["going", "stopping"],
        ["and", "5"],
    ]
    assert list(progress.lines(UNDER_WAY, now, 0)) == ["  and 8 more"]
    assert list(progress.lines(report(), now, 0)) == []


def test_events() -> None:
    """They come in the order in which they happened."""
    assert [line for _, line in progress.events(SHOP)] == [
        "started mail in 0.300 s",
        "started db in 0.400 s",
        "started search in 0.600 s",
        "stopped mail in 0.050 s",
        "stopped with an error search in 1.000 s",
        "stopped db in 0.100 s",
    ]
    assert [line for _, line in progress.events(FAILED)] == [
        "started db in 0.250 s",
        "failed mail",
        "called off slow",
        "stopped db in 0.250 s",
    ]


async def test_real_run(registry: Registry, log: list[str]) -> None:
    """What a run reports makes a timeline, while it is up and after."""
    tracked(registry, log, "db")
    tracked(registry, log, "search", requires="db")
    async with registry.run() as run:
        up = of_report(run.report, dt.datetime.now(dt.UTC))
    down = of_report(run.report, dt.datetime.now(dt.UTC))

    assert up.critical_path == ("db", "search")
    assert (up.stop, [bar.stop for bar in up.bars]) == (0, [None, None])
    assert [bar.status for bar in down.bars] == ["stopped", "stopped"]
    assert all(bar.start and bar.stop for bar in down.bars)
    assert down.start >= max(bar.start.end for bar in down.bars if bar.start)
