"""What people do with the page: read, sort, follow links, print, in light and dark, on a desk and on a phone."""

import re
import urllib.parse
import urllib.request
from xml.etree import ElementTree

import pytest
from PIL import Image

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(params=["with holes", "with everything"])
def either(request, report, full_report):
    """The one report and the other."""
    return report if request.param == "with holes" else full_report


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


def test_every_figure_and_table_is_visible(open_page, either):
    page = open_page(either)
    page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
    for selector, least in ((".plot svg", 12), ("table", 10)):
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


def test_runs_can_be_searched(open_page, report):
    page = open_page(report.with_name("runs.html"))
    rows = page.locator("#runs tbody tr")
    assert rows.count() == 20
    page.locator("#search").fill("FILTER failed")
    assert [rows.nth(k).is_visible() for k in range(20)].count(True) == 1
    assert page.locator("#found").inner_text() == "1 of 20 runs"


def test_sorting_by_number_and_by_name(open_page, report):
    page = open_page(report.with_name("runs.html"))
    table = page.locator("#runs")
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
        page.locator("#table-effects .downloads a[download]", has_text="CSV").click()
    assert started.value.suggested_filename == "effects.csv"
    text = started.value.path().read_text(encoding="utf-8")
    assert text == (report.parent / "tables" / "effects.csv").read_text(encoding="utf-8")


def test_every_section_is_there(open_page, full_report):
    page = open_page(full_report)
    for part in ("profile", "memory-claim", "growth", "published", "trust", "mechanism"):
        assert page.locator(f"section#{part}").is_visible()
    for table in ("budgets", "profile", "work", "memory_claim", "capacity", "exponents", "leaks", "published"):
        assert page.locator(f"#table-{table} table").is_visible()
    assert "cifar10 with resnet-compact" in page.locator(".caution").inner_text()
    assert "effects.csv and claims.csv aren't there" in page.locator(".warning").inner_text()
    assert "A fixed workload" in page.locator(".cost").inner_text()


def test_a_drawing_downloads_as_svg_without_the_folder_it_came_from(browser, report, tmp_path):
    mailed = tmp_path / "mailed.html"
    mailed.write_bytes(report.read_bytes())
    context = browser.new_context()
    page = context.new_page()
    page.goto(mailed.as_uri())
    link = page.locator("#figure-effects [data-drawing=svg]")
    assert "beside" not in link.inner_text()
    with page.expect_download() as started:
        link.click()
    assert started.value.suggested_filename == "effects.svg"
    mine = ElementTree.fromstring(started.value.path().read_text(encoding="utf-8"))
    file = ElementTree.fromstring((report.parent / "figures" / "effects.svg").read_text(encoding="utf-8"))
    texts = [["".join(e.itertext()).strip() for e in tree.iter() if e.tag.endswith("}text")] for tree in (mine, file)]
    assert texts[0] == texts[1]
    assert len(texts[0]) >= 10
    assert mine.get("viewBox") == file.get("viewBox")
    assert "var(" not in started.value.path().read_text(encoding="utf-8"), "the page's colours mean nothing elsewhere"
    context.close()


def test_a_drawing_downloads_as_png(open_page):
    page = open_page(color_scheme="dark")
    with page.expect_download() as started:
        page.locator("#figure-effects [data-drawing=png]").click()
    assert started.value.suggested_filename == "effects.png"
    with Image.open(started.value.path()) as image:
        assert image.width > 1000
        colours = {colour for _, colour in image.convert("RGB").getcolors(10**6)}
    assert (255, 255, 255) in colours, "on white, whatever the page's colours"
    assert len(colours) > 20


def test_without_scripts_downloads_lead_to_the_files_beside_the_page(browser, report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    for kind in ("svg", "png"):
        link = page.locator(f"#figure-effects [data-drawing={kind}]")
        assert (report.parent / link.get_attribute("href")).is_file()
    context.close()


def test_the_keyboard_stops_once_for_a_tables_source(open_page):
    page = open_page()
    table = page.locator("#table-effects")
    assert table.locator("tbody a").count() >= 30
    assert table.locator("tbody a:not([tabindex])").count() == 0
    assert table.locator(".downloads a.origin").get_attribute("href").endswith("effects.csv")


def test_an_interval_that_is_cut_has_an_arrow(open_page):
    page = open_page()
    cut = page.locator("svg.strip path.cut")
    assert cut.count() >= 2, "two pairs of seeds make one interval wide"
    for index in range(cut.count()):
        assert cut.nth(index).bounding_box()["width"] > 3


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


def test_no_sideways_scrolling_on_a_phone(open_page, either):
    page = open_page(either, **PHONE)
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
    assert page.locator("#effects details #table-certainty").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_axe_finds_no_serious_problem(open_page, either, axe, options):
    found = axe.run(open_page(either, **options)).response["violations"]
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
