"""What people do with the page: read, sort, follow links, print, in light and dark, on a desk and on a phone."""

import re
import urllib.parse
import urllib.request

import pytest

PHONE = {"viewport": {"width": 390, "height": 844}}


def colour(page, selector, name):
    value = page.eval_on_selector(selector, f"e => getComputedStyle(e).{name}")
    return [float(part) for part in re.findall(r"[\d.]+", value)[:3]]


def luminance(rgb):
    linear = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_first_screen_answers(open_page):
    page = open_page()
    assert page.locator("h1").inner_text()
    answers = page.locator(".answer")
    assert answers.count() == 3
    for index in range(3):
        box = answers.nth(index).bounding_box()
        assert box["y"] + box["height"] <= 900, "all three answers fit on the first screen"
        assert answers.nth(index).locator("svg.strip").is_visible()


def test_every_figure_and_table_is_visible(open_page):
    page = open_page()
    for selector, least in ((".plot svg", 7), ("table", 8)):
        found = page.locator(selector)
        assert found.count() >= least
        for index in range(found.count()):
            box = found.nth(index).bounding_box()
            assert box["width"] > 100
            assert box["height"] > 40


def test_nothing_is_requested_from_anywhere(browser, report):
    context = browser.new_context(offline=True)
    page = context.new_page()
    requested = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(report.as_uri())
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in requested if url.startswith("file:")]) == 1
    context.close()


def test_sorting_by_number_and_by_name(open_page):
    page = open_page()
    table = page.locator("#table-runs table")
    heading = table.locator("thead th", has_text="kNN, %").first
    place = heading.evaluate("e => e.cellIndex")

    def column():
        return table.evaluate(
            "(t, i) => [...t.tBodies[0].rows].map(r => r.cells[i].dataset.sort ?? r.cells[i].textContent)", place
        )

    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    shown = column()
    known = [float(value) for value in shown if value]
    assert known == sorted(known, reverse=True)
    assert shown[len(known) :] == [""] * (len(shown) - len(known)), "holes stay at the end"
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    known = [float(value) for value in column() if value]
    assert known == sorted(known)
    place = 0
    table.locator("thead th").first.locator("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert [text.strip() for text in column()] == sorted(text.strip() for text in column())


def test_sorting_by_keyboard(open_page):
    page = open_page()
    button = page.locator("#table-accuracy thead button").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("#table-accuracy thead th").nth(1).get_attribute("aria-sort") == "descending"


def test_the_contents_list_leads_to_every_part(open_page):
    page = open_page()
    links = page.locator("nav a")
    assert links.count() >= 10
    for index in range(links.count()):
        target = links.nth(index).get_attribute("href")
        links.nth(index).click()
        page.wait_for_function("id => location.hash === id", arg=target)
        assert page.locator(target).is_visible()


def test_the_skip_link_is_the_first_stop(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "answer"


def test_downloads_hold_the_tables(open_page, report):
    page = open_page()
    with page.expect_download() as started:
        page.locator("#table-effects .downloads a", has_text="CSV").click()
    assert started.value.suggested_filename == "effects.csv"
    text = started.value.path().read_text(encoding="utf-8")
    assert text == (report.parent / "tables" / "effects.csv").read_text(encoding="utf-8")


def test_links_to_files_work(open_page, report):
    page = open_page()
    hrefs = page.eval_on_selector_all("main a", "all => all.map(a => a.href)")
    files = {href for href in hrefs if href.startswith("file:") and "#" not in href}
    assert len(files) > 20
    for href in files:
        with urllib.request.urlopen(href) as answer:
            assert answer.read(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_readable(open_page, scheme):
    page = open_page(color_scheme=scheme)
    paper = colour(page, "body", "backgroundColor")
    assert (luminance(paper) > 0.5) == (scheme == "light")
    for selector in ("h1", ".lede", ".certainty", "figcaption", ".downloads", ".downloads a", "tbody td"):
        assert contrast(paper, colour(page, selector, "color")) >= 4.5, selector
    assert contrast(paper, colour(page, "#figure-effects svg text", "fill")) >= 4.5


def test_no_sideways_scrolling_on_a_phone(open_page):
    page = open_page(**PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wide = page.locator("#table-effects .scroll")
    assert wide.evaluate("e => e.scrollWidth > e.clientWidth"), "a wide table scrolls in its own box"
    assert wide.get_attribute("tabindex") == "0"


def test_contents_are_folded_on_a_phone_and_open_on_a_desk(open_page):
    assert open_page(**PHONE).locator("nav details").get_attribute("open") is None
    assert open_page().locator("nav details").get_attribute("open") is not None


def test_printing_opens_what_is_folded_and_drops_what_paper_cannot_do(open_page):
    page = open_page(color_scheme="dark")
    page.emulate_media(media="print")
    assert luminance(colour(page, "body", "backgroundColor")) > 0.9
    assert not page.locator("nav").is_visible()
    assert not page.locator(".downloads").first.is_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#repeat details pre").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_axe_finds_no_serious_problem(open_page, options):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(open_page(**options)).response["violations"]
    serious = [
        f"{problem['id']}: {problem['nodes'][0]['target']} {problem['help']}"
        for problem in found
        if problem["impact"] in ("serious", "critical", "moderate")
    ]
    assert serious == []


def test_the_addresses_of_downloads_are_escaped(open_page):
    page = open_page()
    for href in page.eval_on_selector_all("a[download]", "all => all.map(a => a.getAttribute('href'))"):
        assert re.match(r"data:text/(csv|x-tex);charset=utf-8,", href)
        assert "\n" not in href
        assert urllib.parse.unquote(href.split(",", 1)[1]).strip()
