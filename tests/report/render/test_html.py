"""The templates' filters: text is escaped, numbers sort as numbers, downloads come back whole."""

from urllib.parse import unquote, urlsplit

import pytest

from moco_bench.report.render.html import environment


@pytest.mark.parametrize(("html", "shown"), [(True, "&lt;b&gt; &amp;"), (False, "<b> &")])
def test_text_is_escaped_for_html(html, shown):
    assert environment(html=html).from_string("{{ text }}").render(text="<b> &") == shown


@pytest.mark.parametrize(
    ("value", "key"),
    [(2.5, "2.5"), (10, "10"), (1e-12, "1e-12"), ("arm", "arm"), (None, ""), (float("nan"), ""), (True, "")],
)
def test_cells_are_sorted_by_their_values(value, key):
    assert environment(html=True).filters["sort_key"](value) == key


@pytest.mark.parametrize(("place", "kind"), [("tables/a.csv", "text/csv"), ("tables/a.tex", "text/x-tex")])
def test_a_download_holds_the_text_to_the_letter(place, kind):
    text = 'a,"b # 100 %"\n\u00e9\n'
    address = urlsplit(environment(html=True).filters["data_uri"](text, place))
    assert (address.scheme, address.path.split(";")[0]) == ("data", kind)
    assert unquote(address.path.split(",", 1)[1]) == text
