import torch

from moco_bench.contrast import chunks
from moco_bench.contrast.candidates import Candidates


def test_a_chunk_is_as_wide_as_its_pairs_allow():
    def widths(rows, size):
        columns = chunks.chunk_columns(Candidates(torch.zeros(rows, 2), torch.zeros(size, 2)))
        assert [part.start for part in columns] == [0, *(part.stop for part in columns[:-1])]
        assert columns[-1].stop == size
        return {part.stop - part.start for part in columns[:-1]}, columns[-1].stop - columns[-1].start

    assert widths(256, 65536) == ({1024}, 1024)
    assert widths(256, 1000) == (set(), 1000)
    assert widths(8192, 1000) == ({chunks.MINIMUM_WIDTH}, 1000 % chunks.MINIMUM_WIDTH)
