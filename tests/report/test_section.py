"""A section is built of what there is data for."""

from dataclasses import replace

from moco_bench.report.model.table import Table
from moco_bench.report.section import Section, sentences

TABLE = Table("t", "T", "", (), ())


def test_parts_without_data_are_left_out(loaded):
    nothing, table = (lambda *_: None), (lambda *_: TABLE)
    section = Section("id", "Title", figures=(lambda results: None,), tables=(nothing, table), folded=(nothing,))
    built = section.build(*loaded)
    assert (built.id, built.title, built.notes, built.items, built.folded) == ("id", "Title", (), (TABLE,), ())
    assert replace(section, folded=(table,)).build(*loaded).folded == (TABLE,)


def test_the_files_of_sentences_stand_after_the_last(loaded):
    notes = sentences(lambda results: ["One.", "Two."], "runs.csv", "absent.csv")(*loaded)
    assert [(note.text, [source.title for source in note.sources]) for note in notes] == [
        ("One.", []), ("Two.", ["runs.csv"])
    ]  # fmt: skip
