from pathlib import Path

from moco_bench.components.registry import built_in
from moco_bench.suite.config import ContrastConfig
from tools.reference_tables import keys_of, table_of, with_tables

README = Path(__file__).parents[2] / "config" / "README.md"


def test_the_readme_is_what_the_generator_makes():
    text = README.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run `make docs`"


def test_a_table_names_every_idea_and_setting():
    table = table_of("negatives")
    for name, idea in built_in("negatives").items():
        assert f"| `{name}` |" in table
        assert all(f"`{key}`" in table for key in idea.model_fields if key != "rule")
    assert "`inner` (0.01)" in table
    assert "`similarity` (required)" in table


def test_keys_of_a_section_have_defaults_and_meanings():
    table = keys_of(ContrastConfig)
    assert "| `negatives` | `all` |" in table
    assert "| `mask_same_sample` | `true` |" in table
    assert all(f"| `{key}` |" in table and field.description for key, field in ContrastConfig.model_fields.items())


def test_text_outside_of_the_comments_is_left_alone():
    assert with_tables("a\n| x |\n") == "a\n| x |\n"
